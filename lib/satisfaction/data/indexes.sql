-- What a server needs besides the keys: rows of one project or wave are found without a scan.
-- DuckDB goes without: it reads these tables by their columns, and writes them faster unindexed.
CREATE INDEX answers_sheet ON answers (project, wave, response);
CREATE INDEX answers_source ON answers (source);
CREATE INDEX responses_wave ON responses (wave, project);
CREATE INDEX responses_source ON responses (source);
CREATE INDEX tallies_project ON tallies (project, wave);
CREATE INDEX tallies_wave ON tallies (wave, item);
CREATE INDEX frames_project ON frames (project, wave);
CREATE INDEX frames_wave ON frames (wave);
