-- Written from the table models (lib/satisfaction/data/tables.py, records.py); do not edit.
CREATE TABLE contacts (
    project text COLLATE "C" NOT NULL CHECK (length(project) BETWEEN 1 AND 63),
    household text COLLATE "C" NOT NULL CHECK (length(household) BETWEEN 1 AND 63),
    name text COLLATE "C" CHECK (length(name) BETWEEN 1 AND 60),
    phone text COLLATE "C" CHECK (length(phone) BETWEEN 1 AND 40),
    room text COLLATE "C" CHECK (length(room) BETWEEN 1 AND 60),
    source text NOT NULL,
    PRIMARY KEY (project, household)
);
COMMENT ON TABLE contacts IS 'Personal data, in a database of its own that no report can read (S4-6).';
COMMENT ON COLUMN contacts.project IS 'project id; part of file names';
COMMENT ON COLUMN contacts.household IS 'pseudonymous household code, never the room';
COMMENT ON COLUMN contacts.name IS 'contact person';
COMMENT ON COLUMN contacts.phone IS 'phone number';
COMMENT ON COLUMN contacts.room IS 'address within the project';
COMMENT ON COLUMN contacts.source IS 'file that the row came from';
