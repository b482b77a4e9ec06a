BEGIN TRANSACTION;
CREATE TABLE answer (
    id INTEGER PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    set_number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    answered_ns INTEGER NOT NULL, exercise TEXT NOT NULL DEFAULT '', side TEXT NOT NULL DEFAULT 'none'
) STRICT;
INSERT INTO "answer" VALUES(1,1,0,'pain_before','3',5000500000,'','none');
INSERT INTO "answer" VALUES(2,1,0,'hurt','yes',5019500000,'clam','left');
CREATE TABLE calibration (
    id INTEGER PRIMARY KEY,
    sensor TEXT NOT NULL,
    stored_utc TEXT NOT NULL,
    software TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT;
INSERT INTO "calibration" VALUES(1,'OMP-1A2B','2026-03-02T09:00:00+00:00','0.1.0','{"format":"sensorhub-sensor-calibration","version":1}');
CREATE TABLE chunk (
    id INTEGER PRIMARY KEY,
    sensor_id INTEGER NOT NULL REFERENCES sensor (id) ON DELETE CASCADE,
    codec INTEGER NOT NULL,
    records INTEGER NOT NULL,
    first_ns INTEGER NOT NULL,
    last_ns INTEGER NOT NULL,
    crc32 INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT;
INSERT INTO "chunk" VALUES(1,1,1,4,5000000000,5020000000,1412027674,X'789C63642B4E2DCA4CCC6938B17E812A0B1323033303089C60DC71E30867C3AD239C0C6C29A28C19A93939F90C8C4CCC2CAC6CEC1C9C5CDC3CBC7CFC028242C222A262E2129252D232B272F20A8A4ACA2AAA6AEA1A9A5ADA3ABA7AFA068646C626A666E6169656D636B676F60E8E4ECE2EAE6EEE1E9E5EDE3EBE7EFE018141C121A161E1119151D131B171F1098949C955A50AE5A999254022DD4A21BDE8F0B6C3F3538B00D32D2995');
CREATE TABLE exercise_set (
    id INTEGER PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    exercise TEXT NOT NULL,
    side TEXT NOT NULL,
    prescribed_repetitions INTEGER,
    prescribed_hold_s REAL,
    prescribed_duration_s REAL,
    started_ns INTEGER NOT NULL,
    ended_ns INTEGER, said_count INTEGER CHECK (said_count >= 0),
    UNIQUE (session_id, number)
) STRICT;
INSERT INTO "exercise_set" VALUES(1,1,1,'squat','both',10,NULL,NULL,5001000000,5019000000,2);
CREATE TABLE migration (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_utc TEXT NOT NULL
) STRICT;
INSERT INTO "migration" VALUES(1,'first tables','2026-03-01T17:00:00+00:00');
INSERT INTO "migration" VALUES(2,'sensor calibrations','2026-03-02T09:00:00+00:00');
INSERT INTO "migration" VALUES(3,'registered sensors','2026-03-03T07:00:00+00:00');
INSERT INTO "migration" VALUES(4,'said of sets','2026-03-04T07:00:00+00:00');
CREATE TABLE notice (
    id INTEGER PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    code TEXT NOT NULL,
    text TEXT NOT NULL,
    noticed_ns INTEGER NOT NULL,
    count INTEGER NOT NULL
) STRICT
;
INSERT INTO "notice" VALUES(1,1,'records_lost','2 packets could not be stored.',5019000000,2);
CREATE TABLE outcome (
    id INTEGER PRIMARY KEY,
    set_id INTEGER NOT NULL REFERENCES exercise_set (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('live', 'final')),
    detector_version TEXT NOT NULL,
    software TEXT NOT NULL,
    written_utc TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
INSERT INTO "outcome" VALUES(1,1,'live','1','0.1.0','2026-03-01T17:01:00+00:00','{"format":1,"exercise":"squat","side":"both","start_s":5.001,"end_s":5.019,"repetitions":[{"start_s":5.002,"peak_s":5.003,"end_s":5.004,"rom_rad":1.2,"hold_s":0.0,"kind":"full","side":"none","evidence":"measured","sure":true,"phase":"","flags":[],"measures":{}}],"holds":[],"breaths":[],"steps":[],"gaps":[],"flags":[],"measures":{},"detector_version":"1"}');
INSERT INTO "outcome" VALUES(2,1,'final','1','0.1.0','2026-03-01T17:01:00+00:00','{"format":1,"exercise":"squat","side":"both","start_s":5.001,"end_s":5.019,"repetitions":[{"start_s":5.002,"peak_s":5.003,"end_s":5.004,"rom_rad":1.25,"hold_s":0.0,"kind":"full","side":"none","evidence":"measured","sure":true,"phase":"","flags":[],"measures":{}}],"holds":[],"breaths":[],"steps":[],"gaps":[],"flags":[],"measures":{},"detector_version":"1"}');
CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    pseudonym TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO "person" VALUES(1,'P-TESTED');
CREATE TABLE registered_sensor (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    placement TEXT NOT NULL,
    uri TEXT NOT NULL UNIQUE,
    family TEXT NOT NULL,
    device_id TEXT NOT NULL,
    bonded INTEGER NOT NULL CHECK (bonded IN (0, 1)),
    model TEXT NOT NULL,
    firmware TEXT NOT NULL,
    battery_percent INTEGER CHECK (battery_percent BETWEEN 0 AND 100),
    added_utc TEXT NOT NULL,
    seen_utc TEXT
) STRICT;
INSERT INTO "registered_sensor" VALUES(1,'right thigh','thigh_right','ble:C0:00:00:00:00:01','omp','77FF',0,'sim-omp','1.0.2',87,'2026-03-03T08:00:00+00:00','2026-03-03T09:00:00+00:00');
CREATE TABLE sensor (
    id INTEGER PRIMARY KEY,
    session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    placement TEXT NOT NULL,
    uri TEXT NOT NULL,
    family TEXT NOT NULL,
    device_id TEXT NOT NULL,
    calibration TEXT NOT NULL,
    alignment TEXT NOT NULL,
    UNIQUE (session_id, placement)
) STRICT;
INSERT INTO "sensor" VALUES(1,1,'thigh_right','serial:/dev/ttyACM0','omp','77FF','','');
CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    person_id INTEGER NOT NULL REFERENCES person (id),
    plan TEXT NOT NULL,
    software TEXT NOT NULL,
    simulated INTEGER NOT NULL CHECK (simulated IN (0, 1)),
    started_ns INTEGER NOT NULL,
    started_utc TEXT NOT NULL,
    started_boottime_ns INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    synchronised INTEGER CHECK (synchronised IN (0, 1)),
    ended_ns INTEGER
) STRICT;
INSERT INTO "session" VALUES(1,'2026-03-01-1',1,'daily-hip','0.1.0',0,5000000000,'2026-03-01T18:00:00.250+01:00',77000000000,'00000000-0000-4000-8000-000000000000',1,5001000000);
CREATE INDEX chunk_by_sensor ON chunk (sensor_id, id);
CREATE INDEX outcome_by_set ON outcome (set_id, kind, id);
CREATE INDEX calibration_by_sensor ON calibration (sensor, id);
CREATE UNIQUE INDEX registered_sensor_by_device
    ON registered_sensor (family, device_id) WHERE device_id <> '';
CREATE UNIQUE INDEX registered_sensor_by_placement
    ON registered_sensor (placement) WHERE placement <> '';
COMMIT;
PRAGMA user_version = 4;
PRAGMA application_id = 1397247047;
