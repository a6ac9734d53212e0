-- Written from the table models (lib/satisfaction/data/tables.py, records.py); do not edit.
CREATE TABLE projects (
    project text COLLATE "C" NOT NULL CHECK (length(project) BETWEEN 1 AND 63),
    name text COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    name_en text COLLATE "C" CHECK (length(name_en) BETWEEN 1 AND 80),
    property_type text COLLATE "C" NOT NULL CHECK (property_type IN ('residential', 'commercial', 'industrial_park')),
    region text COLLATE "C" NOT NULL CHECK (length(region) BETWEEN 1 AND 40),
    handed_over_on date,
    butlers integer CHECK (butlers >= 0),
    department_heads integer CHECK (department_heads >= 0),
    synthetic boolean,
    source text NOT NULL,
    PRIMARY KEY (project)
);
COMMENT ON TABLE projects IS 'Estates and buildings under management (S0-1).';
COMMENT ON COLUMN projects.project IS 'project id; part of file names';
COMMENT ON COLUMN projects.name IS 'name as residents know it';
COMMENT ON COLUMN projects.name_en IS 'name in English reports';
COMMENT ON COLUMN projects.property_type IS 'defines the peer group (S0-1)';
COMMENT ON COLUMN projects.region IS 'region of the company';
COMMENT ON COLUMN projects.handed_over_on IS 'first handover of the project';
COMMENT ON COLUMN projects.butlers IS 'butlers on duty (S3-10)';
COMMENT ON COLUMN projects.department_heads IS 'department heads (S3-10)';
COMMENT ON COLUMN projects.synthetic IS 'true: invented data, labelled in every report';
COMMENT ON COLUMN projects.source IS 'file that the row came from';

CREATE TABLE waves (
    wave text COLLATE "C" NOT NULL CHECK (length(wave) BETWEEN 1 AND 63),
    name text COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    name_en text COLLATE "C" CHECK (length(name_en) BETWEEN 1 AND 60),
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('annual', 'monthly', 'special')),
    opened_on date NOT NULL,
    closed_on date NOT NULL,
    questionnaire text COLLATE "C" NOT NULL CHECK (length(questionnaire) BETWEEN 1 AND 63),
    delivered_on date,
    source text NOT NULL,
    PRIMARY KEY (wave)
);
COMMENT ON TABLE waves IS 'Survey waves: one plan for all projects (S0-3, S0-7, S3-6).';
COMMENT ON COLUMN waves.wave IS 'survey wave id; part of file names';
COMMENT ON COLUMN waves.name IS 'as reports call it';
COMMENT ON COLUMN waves.name_en IS 'as English reports call it';
COMMENT ON COLUMN waves.kind IS 'special surveys stay out of trends (S0-8)';
COMMENT ON COLUMN waves.opened_on IS 'first day of field work';
COMMENT ON COLUMN waves.closed_on IS 'last day of field work';
COMMENT ON COLUMN waves.questionnaire IS 'questionnaire key, unless a project has its own';
COMMENT ON COLUMN waves.delivered_on IS 'report delivered (S0-21)';
COMMENT ON COLUMN waves.source IS 'file that the row came from';

CREATE TABLE households (
    project text COLLATE "C" NOT NULL CHECK (length(project) BETWEEN 1 AND 63),
    household text COLLATE "C" NOT NULL CHECK (length(household) BETWEEN 1 AND 63),
    building text COLLATE "C" NOT NULL CHECK (length(building) BETWEEN 1 AND 40),
    customer_group text COLLATE "C" NOT NULL CHECK (length(customer_group) BETWEEN 1 AND 63),
    occupancy text COLLATE "C" NOT NULL CHECK (occupancy IN ('resident', 'occasional', 'not_moved_in')),
    handed_over_on date,
    source text NOT NULL,
    PRIMARY KEY (project, household),
    FOREIGN KEY (project) REFERENCES projects
);
COMMENT ON TABLE households IS 'The frame: every household or unit of a project (S3-1).';
COMMENT ON COLUMN households.project IS 'project id; part of file names';
COMMENT ON COLUMN households.household IS 'pseudonymous household code, never the room';
COMMENT ON COLUMN households.building IS 'building or block';
COMMENT ON COLUMN households.customer_group IS 'customer group of the policy (S0-10)';
COMMENT ON COLUMN households.occupancy IS 'how it is used (S3-3)';
COMMENT ON COLUMN households.handed_over_on IS 'empty: not handed over';
COMMENT ON COLUMN households.source IS 'file that the row came from';

CREATE TABLE household_flags (
    project text COLLATE "C" NOT NULL CHECK (length(project) BETWEEN 1 AND 63),
    household text COLLATE "C" NOT NULL CHECK (length(household) BETWEEN 1 AND 63),
    flag text COLLATE "C" NOT NULL CHECK (flag IN ('good_relationship', 'blacklisted')),
    set_at timestamp NOT NULL,
    cleared_at timestamp,
    reason text COLLATE "C" CHECK (length(reason) BETWEEN 1 AND 200),
    recorded_by text COLLATE "C" CHECK (length(recorded_by) BETWEEN 1 AND 60),
    source text NOT NULL,
    PRIMARY KEY (project, household, flag, set_at),
    FOREIGN KEY (project) REFERENCES projects,
    FOREIGN KEY (project, household) REFERENCES households
);
COMMENT ON TABLE household_flags IS 'History of relationship flags (S3-1, S3-2); a lost flag keeps its row.';
COMMENT ON COLUMN household_flags.project IS 'project id; part of file names';
COMMENT ON COLUMN household_flags.household IS 'pseudonymous household code, never the room';
COMMENT ON COLUMN household_flags.flag IS 'which flag';
COMMENT ON COLUMN household_flags.set_at IS 'when it was set';
COMMENT ON COLUMN household_flags.cleared_at IS 'when it was cleared; empty: still set';
COMMENT ON COLUMN household_flags.reason IS 'why it was set';
COMMENT ON COLUMN household_flags.recorded_by IS 'who recorded it (S2-8)';
COMMENT ON COLUMN household_flags.source IS 'file that the row came from';

CREATE TABLE samples (
    project text COLLATE "C" NOT NULL CHECK (length(project) BETWEEN 1 AND 63),
    wave text COLLATE "C" NOT NULL CHECK (length(wave) BETWEEN 1 AND 63),
    household text COLLATE "C" NOT NULL CHECK (length(household) BETWEEN 1 AND 63),
    stratum text COLLATE "C" NOT NULL CHECK (length(stratum) BETWEEN 1 AND 120),
    stratum_population integer NOT NULL CHECK (stratum_population >= 1),
    stratum_sample integer NOT NULL CHECK (stratum_sample >= 1),
    probability double precision NOT NULL CHECK (probability > 0 AND probability <= 1),
    role text COLLATE "C" NOT NULL CHECK (role IN ('main', 'reserve')),
    draw_order integer NOT NULL CHECK (draw_order >= 1),
    invited boolean NOT NULL,
    seed integer NOT NULL CHECK (seed >= 0),
    design_version text COLLATE "C" NOT NULL CHECK (length(design_version) BETWEEN 1 AND 63),
    drawn_at timestamp NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (project, wave, household),
    FOREIGN KEY (project) REFERENCES projects,
    FOREIGN KEY (wave) REFERENCES waves,
    FOREIGN KEY (project, household) REFERENCES households
);
COMMENT ON TABLE samples IS 'Drawn households of a wave, frozen at the draw (S0-6, S0-10).';
COMMENT ON COLUMN samples.project IS 'project id; part of file names';
COMMENT ON COLUMN samples.wave IS 'survey wave id; part of file names';
COMMENT ON COLUMN samples.household IS 'pseudonymous household code, never the room';
COMMENT ON COLUMN samples.stratum IS 'stratum of the design';
COMMENT ON COLUMN samples.stratum_population IS 'N_h in the frame';
COMMENT ON COLUMN samples.stratum_sample IS 'n_h drawn as main';
COMMENT ON COLUMN samples.probability IS 'inclusion probability as main';
COMMENT ON COLUMN samples.role IS 'reserves answer for main units that fail';
COMMENT ON COLUMN samples.draw_order IS 'order within the stratum';
COMMENT ON COLUMN samples.invited IS 'asked to answer: all main units, reserves when used';
COMMENT ON COLUMN samples.seed IS 'seed of the draw';
COMMENT ON COLUMN samples.design_version IS 'version of the sampling method';
COMMENT ON COLUMN samples.drawn_at IS 'when it was drawn; freezes frame and flags';
COMMENT ON COLUMN samples.source IS 'file that the row came from';

CREATE TABLE responses (
    project text COLLATE "C" NOT NULL CHECK (length(project) BETWEEN 1 AND 63),
    wave text COLLATE "C" NOT NULL CHECK (length(wave) BETWEEN 1 AND 63),
    response text COLLATE "C" NOT NULL CHECK (length(response) BETWEEN 1 AND 63),
    household text COLLATE "C" CHECK (length(household) BETWEEN 1 AND 63),
    customer_group text COLLATE "C" CHECK (length(customer_group) BETWEEN 1 AND 63),
    mode text COLLATE "C" NOT NULL CHECK (mode IN ('web', 'wechat', 'app', 'paper', 'on_site', 'phone', 'interview')),
    collected_by text COLLATE "C" CHECK (collected_by IN ('own_staff', 'third_party')),
    collector text COLLATE "C" CHECK (length(collector) BETWEEN 1 AND 63),
    answered_at timestamp,
    source text NOT NULL,
    PRIMARY KEY (project, wave, response),
    FOREIGN KEY (project) REFERENCES projects,
    FOREIGN KEY (wave) REFERENCES waves,
    FOREIGN KEY (project, household) REFERENCES households
);
COMMENT ON TABLE responses IS 'Answer sheets, one row each; at most one a household and wave.';
COMMENT ON COLUMN responses.project IS 'project id; part of file names';
COMMENT ON COLUMN responses.wave IS 'survey wave id; part of file names';
COMMENT ON COLUMN responses.response IS 'answer sheet id';
COMMENT ON COLUMN responses.household IS 'pseudonymous household code, never the room';
COMMENT ON COLUMN responses.customer_group IS 'as answered, where no frame tells it';
COMMENT ON COLUMN responses.mode IS 'collection mode (S0-5)';
COMMENT ON COLUMN responses.collected_by IS 'own staff or third party (S0-5)';
COMMENT ON COLUMN responses.collector IS 'pseudonymous code of the collector';
COMMENT ON COLUMN responses.answered_at IS 'when it was answered';
COMMENT ON COLUMN responses.source IS 'file that the row came from';

CREATE TABLE answers (
    project text COLLATE "C" NOT NULL CHECK (length(project) BETWEEN 1 AND 63),
    wave text COLLATE "C" NOT NULL CHECK (length(wave) BETWEEN 1 AND 63),
    response text COLLATE "C" NOT NULL CHECK (length(response) BETWEEN 1 AND 63),
    item text COLLATE "C" NOT NULL CHECK (length(item) BETWEEN 1 AND 63),
    score integer CHECK (score >= 0 AND score <= 100),
    source text NOT NULL
);
COMMENT ON TABLE answers IS 'Scores, long; stored by project and wave so that a slice touches only its own blocks. The import holds key and references: an index over the key would cost 25 times the table''s own space, foreign keys four times the time of an import.';
COMMENT ON COLUMN answers.project IS 'project id; part of file names';
COMMENT ON COLUMN answers.wave IS 'survey wave id; part of file names';
COMMENT ON COLUMN answers.response IS 'answer sheet id';
COMMENT ON COLUMN answers.item IS 'item of the questionnaire';
COMMENT ON COLUMN answers.score IS 'score or code; empty: don''t know';
COMMENT ON COLUMN answers.source IS 'file that the row came from';

CREATE TABLE comments (
    project text COLLATE "C" NOT NULL CHECK (length(project) BETWEEN 1 AND 63),
    wave text COLLATE "C" NOT NULL CHECK (length(wave) BETWEEN 1 AND 63),
    response text COLLATE "C" NOT NULL CHECK (length(response) BETWEEN 1 AND 63),
    item text COLLATE "C" NOT NULL CHECK (length(item) BETWEEN 1 AND 63),
    text text COLLATE "C" NOT NULL CHECK (length(text) BETWEEN 1 AND 5000),
    source text NOT NULL,
    PRIMARY KEY (project, wave, response, item),
    FOREIGN KEY (project) REFERENCES projects,
    FOREIGN KEY (wave) REFERENCES waves
);
COMMENT ON TABLE comments IS 'Open answers (S0-13, S0-15).';
COMMENT ON COLUMN comments.project IS 'project id; part of file names';
COMMENT ON COLUMN comments.wave IS 'survey wave id; part of file names';
COMMENT ON COLUMN comments.response IS 'answer sheet id';
COMMENT ON COLUMN comments.item IS 'open item of the questionnaire';
COMMENT ON COLUMN comments.text IS 'what the resident wrote';
COMMENT ON COLUMN comments.source IS 'file that the row came from';

CREATE TABLE complaints (
    project text COLLATE "C" NOT NULL CHECK (length(project) BETWEEN 1 AND 63),
    complaint text COLLATE "C" NOT NULL CHECK (length(complaint) BETWEEN 1 AND 63),
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('complaint', 'request', 'enquiry', 'repair')),
    household text COLLATE "C" CHECK (length(household) BETWEEN 1 AND 63),
    received_at timestamp NOT NULL,
    entered_at timestamp,
    channel text COLLATE "C" CHECK (length(channel) BETWEEN 1 AND 40),
    category text COLLATE "C" NOT NULL CHECK (length(category) BETWEEN 1 AND 60),
    responsibility integer CHECK (responsibility >= 1 AND responsibility <= 3),
    first_responsibility integer CHECK (first_responsibility >= 1 AND first_responsibility <= 3),
    severity text COLLATE "C" NOT NULL CHECK (severity IN ('ordinary', 'complex')),
    urgent boolean NOT NULL,
    content text COLLATE "C" CHECK (length(content) BETWEEN 1 AND 5000),
    due_at timestamp,
    responded_at timestamp,
    closed_at timestamp,
    reopened_at timestamp,
    measure text COLLATE "C" CHECK (length(measure) BETWEEN 1 AND 5000),
    recorded_by text COLLATE "C" CHECK (length(recorded_by) BETWEEN 1 AND 60),
    source text NOT NULL,
    PRIMARY KEY (project, complaint),
    FOREIGN KEY (project) REFERENCES projects
);
COMMENT ON TABLE complaints IS 'Complaints, requests, enquiries and repairs with both their clocks (S0-22, S1-2, S2-1).';
COMMENT ON COLUMN complaints.project IS 'project id; part of file names';
COMMENT ON COLUMN complaints.complaint IS 'record id';
COMMENT ON COLUMN complaints.kind IS 'what it is (S1-5)';
COMMENT ON COLUMN complaints.household IS 'pseudonymous household code, never the room';
COMMENT ON COLUMN complaints.received_at IS 'when the customer spoke';
COMMENT ON COLUMN complaints.entered_at IS 'when it was entered (S1-3)';
COMMENT ON COLUMN complaints.channel IS 'hotline, box, chat group, ... (S0-9)';
COMMENT ON COLUMN complaints.category IS 'subject';
COMMENT ON COLUMN complaints.responsibility IS '1 service, 2 developer, 3 external (S1-2)';
COMMENT ON COLUMN complaints.first_responsibility IS 'class before it was reclassified (S1-2)';
COMMENT ON COLUMN complaints.severity IS 'which deadline applies (S0-23)';
COMMENT ON COLUMN complaints.urgent IS 'urgent requests have a clock of their own (S2-1)';
COMMENT ON COLUMN complaints.content IS 'what it is about';
COMMENT ON COLUMN complaints.due_at IS 'promised deadline (S0-22)';
COMMENT ON COLUMN complaints.responded_at IS 'first answer to the customer';
COMMENT ON COLUMN complaints.closed_at IS 'empty: still open';
COMMENT ON COLUMN complaints.reopened_at IS 'counts again';
COMMENT ON COLUMN complaints.measure IS 'filled in before closing (S1-3)';
COMMENT ON COLUMN complaints.recorded_by IS 'who recorded it (S2-8)';
COMMENT ON COLUMN complaints.source IS 'file that the row came from';

CREATE TABLE suggestions (
    project text COLLATE "C" NOT NULL CHECK (length(project) BETWEEN 1 AND 63),
    suggestion text COLLATE "C" NOT NULL CHECK (length(suggestion) BETWEEN 1 AND 63),
    household text COLLATE "C" CHECK (length(household) BETWEEN 1 AND 63),
    received_at timestamp NOT NULL,
    channel text COLLATE "C" CHECK (length(channel) BETWEEN 1 AND 40),
    content text COLLATE "C" NOT NULL CHECK (length(content) BETWEEN 1 AND 5000),
    state text COLLATE "C" NOT NULL CHECK (state IN ('open', 'adopted', 'declined')),
    decided_at timestamp,
    feedback_at timestamp,
    recorded_by text COLLATE "C" CHECK (length(recorded_by) BETWEEN 1 AND 60),
    source text NOT NULL,
    PRIMARY KEY (project, suggestion),
    FOREIGN KEY (project) REFERENCES projects
);
COMMENT ON TABLE suggestions IS 'Suggestions and what became of them (S0-25).';
COMMENT ON COLUMN suggestions.project IS 'project id; part of file names';
COMMENT ON COLUMN suggestions.suggestion IS 'record id';
COMMENT ON COLUMN suggestions.household IS 'pseudonymous household code, never the room';
COMMENT ON COLUMN suggestions.received_at IS 'when it was made';
COMMENT ON COLUMN suggestions.channel IS 'where it was made';
COMMENT ON COLUMN suggestions.content IS 'what is suggested';
COMMENT ON COLUMN suggestions.state IS 'adopted or not';
COMMENT ON COLUMN suggestions.decided_at IS 'when it was decided';
COMMENT ON COLUMN suggestions.feedback_at IS 'when the customer was told';
COMMENT ON COLUMN suggestions.recorded_by IS 'who recorded it (S2-8)';
COMMENT ON COLUMN suggestions.source IS 'file that the row came from';

CREATE TABLE visits (
    project text COLLATE "C" NOT NULL CHECK (length(project) BETWEEN 1 AND 63),
    visit text COLLATE "C" NOT NULL CHECK (length(visit) BETWEEN 1 AND 63),
    household text COLLATE "C" NOT NULL CHECK (length(household) BETWEEN 1 AND 63),
    visited_at timestamp NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('home', 'phone', 'random')),
    in_depth boolean NOT NULL,
    visitor_role text COLLATE "C" NOT NULL CHECK (visitor_role IN ('butler', 'department_head', 'project_manager', 'engineering_head', 'security_head')),
    recorded_by text COLLATE "C" CHECK (length(recorded_by) BETWEEN 1 AND 60),
    source text NOT NULL,
    PRIMARY KEY (project, visit),
    FOREIGN KEY (project) REFERENCES projects,
    FOREIGN KEY (project, household) REFERENCES households
);
COMMENT ON TABLE visits IS 'Interviews and visits (S1-6, S3-10).';
COMMENT ON COLUMN visits.project IS 'project id; part of file names';
COMMENT ON COLUMN visits.visit IS 'record id';
COMMENT ON COLUMN visits.household IS 'pseudonymous household code, never the room';
COMMENT ON COLUMN visits.visited_at IS 'when';
COMMENT ON COLUMN visits.kind IS 'how';
COMMENT ON COLUMN visits.in_depth IS 'in-depth interview (S1-6)';
COMMENT ON COLUMN visits.visitor_role IS 'quota it counts for';
COMMENT ON COLUMN visits.recorded_by IS 'who recorded it (S2-8)';
COMMENT ON COLUMN visits.source IS 'file that the row came from';

CREATE TABLE actions (
    project text COLLATE "C" NOT NULL CHECK (length(project) BETWEEN 1 AND 63),
    action text COLLATE "C" NOT NULL CHECK (length(action) BETWEEN 1 AND 63),
    wave text COLLATE "C" NOT NULL CHECK (length(wave) BETWEEN 1 AND 63),
    item text COLLATE "C" CHECK (length(item) BETWEEN 1 AND 63),
    problem text COLLATE "C" NOT NULL CHECK (length(problem) BETWEEN 1 AND 5000),
    cause text COLLATE "C" NOT NULL CHECK (cause IN ('people', 'process', 'resources')),
    action_group text COLLATE "C" NOT NULL CHECK (action_group IN ('data_check', 'visits', 'service_innovation', 'blacklist_conversion', 'publicity', 'butler_support', 'on_site_quality')),
    measure text COLLATE "C" NOT NULL CHECK (length(measure) BETWEEN 1 AND 5000),
    owner text COLLATE "C" NOT NULL CHECK (length(owner) BETWEEN 1 AND 60),
    due_on date NOT NULL,
    metric text COLLATE "C" NOT NULL CHECK (length(metric) BETWEEN 1 AND 120),
    baseline double precision,
    target double precision,
    closed_on date,
    verified_on date,
    verified boolean,
    recorded_by text COLLATE "C" CHECK (length(recorded_by) BETWEEN 1 AND 60),
    source text NOT NULL,
    PRIMARY KEY (project, action),
    FOREIGN KEY (project) REFERENCES projects,
    FOREIGN KEY (wave) REFERENCES waves
);
COMMENT ON TABLE actions IS 'Improvement measures and their verification (S0-26 to S0-30, S3-13).';
COMMENT ON COLUMN actions.project IS 'project id; part of file names';
COMMENT ON COLUMN actions.action IS 'record id';
COMMENT ON COLUMN actions.wave IS 'survey wave id; part of file names';
COMMENT ON COLUMN actions.item IS 'item it is to improve';
COMMENT ON COLUMN actions.problem IS 'what is wrong';
COMMENT ON COLUMN actions.cause IS 'root cause (S0-26)';
COMMENT ON COLUMN actions.action_group IS 'action group of the plan (S3-13)';
COMMENT ON COLUMN actions.measure IS 'what is done';
COMMENT ON COLUMN actions.owner IS 'role in charge (S0-27)';
COMMENT ON COLUMN actions.due_on IS 'deadline (S0-27)';
COMMENT ON COLUMN actions.metric IS 'what is measured (S0-27)';
COMMENT ON COLUMN actions.baseline IS 'metric before';
COMMENT ON COLUMN actions.target IS 'metric to be reached';
COMMENT ON COLUMN actions.closed_on IS 'done, says the project';
COMMENT ON COLUMN actions.verified_on IS 'checked by the quality team (S0-30)';
COMMENT ON COLUMN actions.verified IS 'true: it works; empty: not checked';
COMMENT ON COLUMN actions.recorded_by IS 'who recorded it (S2-8)';
COMMENT ON COLUMN actions.source IS 'file that the row came from';

CREATE TABLE tallies (
    project text COLLATE "C" NOT NULL CHECK (length(project) BETWEEN 1 AND 63),
    wave text COLLATE "C" NOT NULL CHECK (length(wave) BETWEEN 1 AND 63),
    item text COLLATE "C" NOT NULL CHECK (length(item) BETWEEN 1 AND 63),
    responses integer NOT NULL CHECK (responses >= 1),
    counts text COLLATE "C" NOT NULL CHECK (length(counts) BETWEEN 1 AND 1000000)
);
COMMENT ON TABLE tallies IS 'Answers counted by stratum and score, renewed by every import; trend and peers read them. Where a sample was drawn, answers of other households do not count.';
COMMENT ON COLUMN tallies.project IS 'project id; part of file names';
COMMENT ON COLUMN tallies.wave IS 'survey wave id; part of file names';
COMMENT ON COLUMN tallies.item IS 'closed item';
COMMENT ON COLUMN tallies.responses IS 'answer sheets of the strata with an answer to it';
COMMENT ON COLUMN tallies.counts IS 'each stratum, by name, as N_h/answer sheets=score:answers,score:answers, and so on; N_h -1: unknown, score -1: don''t know';

CREATE TABLE frames (
    project text COLLATE "C" NOT NULL CHECK (length(project) BETWEEN 1 AND 63),
    wave text COLLATE "C" NOT NULL CHECK (length(wave) BETWEEN 1 AND 63),
    drawn_at timestamp NOT NULL,
    eligible integer NOT NULL CHECK (eligible >= 0),
    blacklisted integer NOT NULL CHECK (blacklisted >= 0),
    drawn integer NOT NULL CHECK (drawn >= 0),
    drawn_blacklisted integer NOT NULL CHECK (drawn_blacklisted >= 0)
);
COMMENT ON TABLE frames IS 'Households counted at each draw, renewed by every import; the exclusion audit reads them (S3-4). Without a drawn sample they are counted on the first day of the field work.';
COMMENT ON COLUMN frames.project IS 'project id; part of file names';
COMMENT ON COLUMN frames.wave IS 'survey wave id; part of file names';
COMMENT ON COLUMN frames.drawn_at IS 'moment that the counts hold for';
COMMENT ON COLUMN frames.eligible IS 'households handed over and moved in (S3-3)';
COMMENT ON COLUMN frames.blacklisted IS 'blacklisted among them';
COMMENT ON COLUMN frames.drawn IS 'drawn among them, reserves too; 0: none was drawn';
COMMENT ON COLUMN frames.drawn_blacklisted IS 'blacklisted among the drawn';

CREATE TABLE imports (
    import_id text COLLATE "C" NOT NULL CHECK (length(import_id) BETWEEN 1 AND 63),
    table_name text COLLATE "C" NOT NULL CHECK (length(table_name) BETWEEN 1 AND 63),
    source text COLLATE "C" NOT NULL CHECK (length(source) BETWEEN 1 AND 300),
    fingerprint text COLLATE "C" NOT NULL CHECK (length(fingerprint) BETWEEN 1 AND 63),
    mapping text COLLATE "C" CHECK (length(mapping) BETWEEN 1 AND 300),
    mapping_fingerprint text COLLATE "C" CHECK (length(mapping_fingerprint) BETWEEN 1 AND 63),
    rows integer NOT NULL CHECK (rows >= 0),
    imported_at timestamp NOT NULL,
    imported_by text COLLATE "C" NOT NULL CHECK (length(imported_by) BETWEEN 1 AND 120),
    PRIMARY KEY (import_id)
);
COMMENT ON TABLE imports IS 'What came in when, from whom, with which fingerprint (S0-4, S2-8).';
COMMENT ON COLUMN imports.import_id IS 'fingerprint of the event';
COMMENT ON COLUMN imports.table_name IS 'table that the file was for';
COMMENT ON COLUMN imports.source IS 'file that the rows came from';
COMMENT ON COLUMN imports.fingerprint IS 'first 32 hex digits of the file''s SHA-256';
COMMENT ON COLUMN imports.mapping IS 'name of the mapping';
COMMENT ON COLUMN imports.mapping_fingerprint IS 'SHA-256 of mapping, questionnaires and groups used';
COMMENT ON COLUMN imports.rows IS 'rows of the file';
COMMENT ON COLUMN imports.imported_at IS 'when (UTC)';
COMMENT ON COLUMN imports.imported_by IS 'account that imported it';
