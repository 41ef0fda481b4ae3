BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
CREATE TABLE cluster (
	id INTEGER NOT NULL, 
	clustering_result_id INTEGER NOT NULL, 
	cluster_id INTEGER NOT NULL, 
	medoid_embedding_id INTEGER, 
	size INTEGER NOT NULL, 
	properties JSON NOT NULL, 
	CONSTRAINT pk_cluster PRIMARY KEY (id), 
	CONSTRAINT uq_cluster_clustering_result_id_cluster_id UNIQUE (clustering_result_id, cluster_id), 
	CONSTRAINT uq_cluster_id_clustering_result_id UNIQUE (id, clustering_result_id), 
	CONSTRAINT fk_cluster_clustering_result_id FOREIGN KEY(clustering_result_id) REFERENCES clustering_result (id) ON DELETE CASCADE, 
	CONSTRAINT fk_cluster_medoid_is_member FOREIGN KEY(id, medoid_embedding_id) REFERENCES embedding_cluster (cluster_id, embedding_id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT ck_cluster_cluster_id CHECK (cluster_id >= -1), 
	CONSTRAINT ck_cluster_size CHECK (size >= 1), 
	CONSTRAINT ck_cluster_medoid CHECK ((cluster_id = -1) = (medoid_embedding_id IS NULL))
);
INSERT INTO "cluster" VALUES(1,1,0,2,2,'{"rank": 0}');
INSERT INTO "cluster" VALUES(2,1,1,8,1,'{"rank": 1}');
INSERT INTO "cluster" VALUES(3,1,-1,NULL,2,'{}');
CREATE TABLE clustering_result (
	id INTEGER NOT NULL, 
	uuid CHAR(32) NOT NULL, 
	embedding_model_id INTEGER NOT NULL, 
	algorithm VARCHAR(100) NOT NULL, 
	parameters JSON NOT NULL, 
	downsample INTEGER NOT NULL, 
	selection JSON NOT NULL, 
	counts JSON NOT NULL, 
	versions JSON NOT NULL, 
	last_embedding_id INTEGER NOT NULL, 
	started_at VARCHAR(32) NOT NULL, 
	finished_at VARCHAR(32) NOT NULL, durations JSON, fingerprint VARCHAR(64), layer INTEGER, layer_group CHAR(32) CONSTRAINT ck_clustering_result_layer CHECK ((layer IS NULL) = (layer_group IS NULL)), origin JSON, 
	CONSTRAINT pk_clustering_result PRIMARY KEY (id), 
	CONSTRAINT uq_clustering_result_uuid UNIQUE (uuid), 
	CONSTRAINT uq_clustering_result_embedding_model_id_id UNIQUE (embedding_model_id, id), 
	CONSTRAINT fk_clustering_result_embedding_model_id FOREIGN KEY(embedding_model_id) REFERENCES embedding_model (id), 
	CONSTRAINT ck_clustering_result_downsample CHECK (downsample >= 1)
);
INSERT INTO "clustering_result" VALUES(1,'d0c48c6a38214aab8c11e2d77c2cb2fe',1,'hdbscan','{"min_cluster_size": 2, "min_samples": 1, "epsilon": 0.4}',1,'{"experiment_ids": null}','{"candidates": 5}','{"python": "3"}',13,'2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00','{"load": 0.5, "compute": 1.5, "save": 0.25}','0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f',NULL,NULL,NULL);
CREATE TABLE embedding (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	invocation_id INTEGER NOT NULL, 
	embedding_model_id INTEGER NOT NULL, 
	seconds DOUBLE NOT NULL, 
	CONSTRAINT uq_embedding_invocation_id_embedding_model_id UNIQUE (invocation_id, embedding_model_id), 
	CONSTRAINT uq_embedding_embedding_model_id_id UNIQUE (embedding_model_id, id), 
	CONSTRAINT fk_embedding_invocation_id FOREIGN KEY(invocation_id) REFERENCES invocation (id) ON DELETE CASCADE, 
	CONSTRAINT fk_embedding_embedding_model_id FOREIGN KEY(embedding_model_id) REFERENCES embedding_model (id)
);
INSERT INTO "embedding" VALUES(1,1,2,0.25);
INSERT INTO "embedding" VALUES(2,2,1,0.25);
INSERT INTO "embedding" VALUES(3,3,2,0.25);
INSERT INTO "embedding" VALUES(4,4,1,0.25);
INSERT INTO "embedding" VALUES(5,5,2,0.25);
INSERT INTO "embedding" VALUES(6,6,1,0.25);
INSERT INTO "embedding" VALUES(7,7,2,0.25);
INSERT INTO "embedding" VALUES(8,8,1,0.25);
INSERT INTO "embedding" VALUES(9,9,2,0.25);
INSERT INTO "embedding" VALUES(10,10,1,0.25);
INSERT INTO "embedding" VALUES(11,11,2,0.25);
INSERT INTO "embedding" VALUES(12,12,2,0.25);
INSERT INTO "embedding" VALUES(13,13,2,0.25);
CREATE TABLE embedding_cluster (
	clustering_result_id INTEGER NOT NULL, 
	embedding_id INTEGER NOT NULL, 
	cluster_id INTEGER NOT NULL, 
	embedding_model_id INTEGER NOT NULL, probability DOUBLE CONSTRAINT ck_embedding_cluster_probability CHECK (probability >= 0 AND probability <= 1), 
	CONSTRAINT pk_embedding_cluster PRIMARY KEY (clustering_result_id, embedding_id), 
	CONSTRAINT uq_embedding_cluster_cluster_id_embedding_id UNIQUE (cluster_id, embedding_id), 
	CONSTRAINT fk_embedding_cluster_cluster_id_clustering_result_id FOREIGN KEY(cluster_id, clustering_result_id) REFERENCES cluster (id, clustering_result_id) ON DELETE CASCADE, 
	CONSTRAINT fk_embedding_cluster_embedding_model_id_embedding_id FOREIGN KEY(embedding_model_id, embedding_id) REFERENCES embedding (embedding_model_id, id), 
	CONSTRAINT fk_embedding_cluster_embedding_model_id_clustering_result_id FOREIGN KEY(embedding_model_id, clustering_result_id) REFERENCES clustering_result (embedding_model_id, id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "embedding_cluster" VALUES(1,2,1,1,0.75);
INSERT INTO "embedding_cluster" VALUES(1,4,1,1,0.75);
INSERT INTO "embedding_cluster" VALUES(1,6,3,1,0.0);
INSERT INTO "embedding_cluster" VALUES(1,8,2,1,0.75);
INSERT INTO "embedding_cluster" VALUES(1,10,3,1,0.0);
CREATE TABLE embedding_model (
	id INTEGER NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	takes VARCHAR(8) NOT NULL, 
	dimension INTEGER NOT NULL, 
	CONSTRAINT pk_embedding_model PRIMARY KEY (id), 
	CONSTRAINT uq_embedding_model_name UNIQUE (name), 
	CONSTRAINT ck_embedding_model_dimension CHECK (dimension >= 1), 
	CONSTRAINT ck_embedding_model_takes CHECK (takes IN ('text', 'image'))
);
INSERT INTO "embedding_model" VALUES(1,'TextModel','text',4);
INSERT INTO "embedding_model" VALUES(2,'ImageModel','image',2);
CREATE TABLE embedding_vector (
	embedding_id INTEGER NOT NULL, 
	vector BLOB NOT NULL, 
	CONSTRAINT pk_embedding_vector PRIMARY KEY (embedding_id), 
	CONSTRAINT fk_embedding_vector_embedding_id FOREIGN KEY(embedding_id) REFERENCES embedding (id) ON DELETE CASCADE
);
INSERT INTO "embedding_vector" VALUES(1,X'0000803F00000000');
INSERT INTO "embedding_vector" VALUES(2,X'0000803F000000000000000000000000');
INSERT INTO "embedding_vector" VALUES(3,X'9A99193FCDCC4C3F');
INSERT INTO "embedding_vector" VALUES(4,X'0000803F000000000000000000000000');
INSERT INTO "embedding_vector" VALUES(5,X'0000803F00000000');
INSERT INTO "embedding_vector" VALUES(6,X'000000000000803F0000000000000000');
INSERT INTO "embedding_vector" VALUES(7,X'000000000000803F');
INSERT INTO "embedding_vector" VALUES(8,X'00000000000000000000803F00000000');
INSERT INTO "embedding_vector" VALUES(9,X'000000000000803F');
INSERT INTO "embedding_vector" VALUES(10,X'00000000000000009A99193FCDCC4C3F');
INSERT INTO "embedding_vector" VALUES(11,X'000080BF00000000');
INSERT INTO "embedding_vector" VALUES(12,X'0000803F00000000');
INSERT INTO "embedding_vector" VALUES(13,X'0000803F00000000');
CREATE TABLE experiment (
	id INTEGER NOT NULL, 
	uuid CHAR(32) NOT NULL, 
	config JSON NOT NULL, 
	config_hash VARCHAR(32) NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_experiment PRIMARY KEY (id), 
	CONSTRAINT uq_experiment_uuid UNIQUE (uuid)
);
INSERT INTO "experiment" VALUES(1,'01000000000000000000000000000000','{"n": 1}','h','2026-05-04T03:02:01.123456+00:00');
INSERT INTO "experiment" VALUES(2,'02000000000000000000000000000000','{"n": 2}','h','2026-05-04T03:02:01.123456+00:00');
CREATE TABLE failed_attempt (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	sequence_number INTEGER NOT NULL, 
	model VARCHAR(200) NOT NULL, 
	attempt INTEGER NOT NULL, 
	cause TEXT NOT NULL, 
	started_at VARCHAR(32) NOT NULL, 
	finished_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_failed_attempt PRIMARY KEY (id), 
	CONSTRAINT fk_failed_attempt_run_id FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE, 
	CONSTRAINT ck_failed_attempt_sequence_number CHECK (sequence_number >= -1), 
	CONSTRAINT ck_failed_attempt_attempt CHECK (attempt >= 1)
);
INSERT INTO "failed_attempt" VALUES(1,1,2,'Paint',1,'no','2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00');
CREATE TABLE invocation (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	sequence_number INTEGER NOT NULL, 
	model VARCHAR(200) NOT NULL, 
	input_invocation_id INTEGER, 
	output_type VARCHAR(8) NOT NULL, 
	output_text TEXT, 
	picture_id INTEGER, 
	output_hash VARCHAR(32) NOT NULL, 
	attempts INTEGER NOT NULL, 
	seconds DOUBLE NOT NULL, 
	started_at VARCHAR(32) NOT NULL, 
	finished_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_invocation PRIMARY KEY (id), 
	CONSTRAINT uq_invocation_run_id_sequence_number UNIQUE (run_id, sequence_number), 
	CONSTRAINT uq_invocation_picture_id UNIQUE (picture_id), 
	CONSTRAINT fk_invocation_run_id FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE, 
	CONSTRAINT fk_invocation_input_invocation_id FOREIGN KEY(input_invocation_id) REFERENCES invocation (id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_invocation_picture_id FOREIGN KEY(picture_id) REFERENCES picture (id), 
	CONSTRAINT ck_invocation_sequence_number CHECK (sequence_number >= 0), 
	CONSTRAINT ck_invocation_input CHECK ((sequence_number = 0) = (input_invocation_id IS NULL)), 
	CONSTRAINT ck_invocation_output_type CHECK (output_type IN ('text', 'image')), 
	CONSTRAINT ck_invocation_text_output CHECK ((output_type = 'text') = (output_text IS NOT NULL)), 
	CONSTRAINT ck_invocation_image_output CHECK ((output_type = 'image') = (picture_id IS NOT NULL)), 
	CONSTRAINT ck_invocation_attempts CHECK (attempts >= 1)
);
INSERT INTO "invocation" VALUES(1,1,0,'Paint',NULL,'image',NULL,1,'00000000000000000000000000000001',1,0.5,'2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00');
INSERT INTO "invocation" VALUES(2,1,1,'Describe',1,'text','text 2',NULL,'00000000000000000000000000000002',1,0.5,'2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00');
INSERT INTO "invocation" VALUES(3,1,2,'Paint',2,'image',NULL,3,'00000000000000000000000000000003',1,0.5,'2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00');
INSERT INTO "invocation" VALUES(4,1,3,'Describe',3,'text','text 4',NULL,'00000000000000000000000000000004',1,0.5,'2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00');
INSERT INTO "invocation" VALUES(5,1,4,'Paint',4,'image',NULL,5,'00000000000000000000000000000005',1,0.5,'2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00');
INSERT INTO "invocation" VALUES(6,1,5,'Describe',5,'text','text 6',NULL,'00000000000000000000000000000006',1,0.5,'2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00');
INSERT INTO "invocation" VALUES(7,2,0,'Paint',NULL,'image',NULL,7,'00000000000000000000000000000007',1,0.5,'2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00');
INSERT INTO "invocation" VALUES(8,2,1,'Describe',7,'text','text 8',NULL,'00000000000000000000000000000008',1,0.5,'2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00');
INSERT INTO "invocation" VALUES(9,2,2,'Paint',8,'image',NULL,9,'00000000000000000000000000000009',1,0.5,'2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00');
INSERT INTO "invocation" VALUES(10,2,3,'Describe',9,'text','text 10',NULL,'0000000000000000000000000000000a',1,0.5,'2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00');
INSERT INTO "invocation" VALUES(11,2,4,'Paint',10,'image',NULL,11,'0000000000000000000000000000000b',1,0.5,'2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00');
INSERT INTO "invocation" VALUES(12,3,0,'Paint',NULL,'image',NULL,12,'0000000000000000000000000000000c',1,0.5,'2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00');
INSERT INTO "invocation" VALUES(13,3,1,'Paint',12,'image',NULL,13,'0000000000000000000000000000000d',1,0.5,'2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00');
CREATE TABLE later_assignment (
	clustering_result_id INTEGER NOT NULL, 
	embedding_id INTEGER NOT NULL, 
	cluster_id INTEGER, 
	embedding_model_id INTEGER NOT NULL, 
	probability DOUBLE NOT NULL, 
	assigned_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_later_assignment PRIMARY KEY (clustering_result_id, embedding_id), 
	CONSTRAINT fk_later_assignment_cluster_id_clustering_result_id FOREIGN KEY(cluster_id, clustering_result_id) REFERENCES cluster (id, clustering_result_id) ON DELETE CASCADE, 
	CONSTRAINT fk_later_assignment_embedding_model_id_embedding_id FOREIGN KEY(embedding_model_id, embedding_id) REFERENCES embedding (embedding_model_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_later_assignment_embedding_model_id_clustering_result_id FOREIGN KEY(embedding_model_id, clustering_result_id) REFERENCES clustering_result (embedding_model_id, id) ON DELETE CASCADE, 
	CONSTRAINT ck_later_assignment_probability CHECK (probability >= 0 AND probability <= 1)
)
 WITHOUT ROWID

;
CREATE TABLE persistence_diagram (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	embedding_model_id INTEGER NOT NULL, 
	dimension INTEGER NOT NULL, 
	n_unique INTEGER NOT NULL, 
	points BLOB NOT NULL, 
	started_at VARCHAR(32) NOT NULL, 
	finished_at VARCHAR(32) NOT NULL, n INTEGER CONSTRAINT ck_persistence_diagram_n CHECK (n >= n_unique), last_embedding_id INTEGER, metric VARCHAR(20), max_dimension INTEGER CONSTRAINT ck_persistence_diagram_max_dimension CHECK (max_dimension >= dimension), versions JSON, seconds DOUBLE, 
	CONSTRAINT pk_persistence_diagram PRIMARY KEY (id), 
	CONSTRAINT uq_persistence_diagram_run_id_embedding_model_id_dimension UNIQUE (run_id, embedding_model_id, dimension), 
	CONSTRAINT fk_persistence_diagram_run_id FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE, 
	CONSTRAINT fk_persistence_diagram_embedding_model_id FOREIGN KEY(embedding_model_id) REFERENCES embedding_model (id), 
	CONSTRAINT ck_persistence_diagram_dimension CHECK (dimension >= 0), 
	CONSTRAINT ck_persistence_diagram_n_unique CHECK (n_unique >= 1)
);
INSERT INTO "persistence_diagram" VALUES(1,1,1,0,2,X'0000000000000000000000000000E03F0000000000000000000000000000F07F','2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "persistence_diagram" VALUES(2,2,2,0,2,X'0000000000000000CD3B7F669EA0F63F0000000000000000000000000000F07F','2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00',3,11,'chord',1,'{"python": "3", "gudhi": "3"}',0.125);
INSERT INTO "persistence_diagram" VALUES(3,2,2,1,2,X'','2026-05-04T03:02:01.123456+00:00','2026-05-04T03:02:01.123456+00:00',3,11,'chord',1,'{"python": "3", "gudhi": "3"}',0.125);
CREATE TABLE picture (
	id INTEGER NOT NULL, 
	media_type VARCHAR(32) NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_picture PRIMARY KEY (id)
);
INSERT INTO "picture" VALUES(1,'image/png',8,8,X'706963747572652031');
INSERT INTO "picture" VALUES(3,'image/png',8,8,X'706963747572652033');
INSERT INTO "picture" VALUES(5,'image/png',8,8,X'706963747572652035');
INSERT INTO "picture" VALUES(7,'image/png',8,8,X'706963747572652037');
INSERT INTO "picture" VALUES(9,'image/png',8,8,X'706963747572652039');
INSERT INTO "picture" VALUES(11,'image/png',8,8,X'70696374757265203131');
INSERT INTO "picture" VALUES(12,'image/png',8,8,X'70696374757265203132');
INSERT INTO "picture" VALUES(13,'image/png',8,8,X'70696374757265203133');
CREATE TABLE prompt_embedding (
	run_id INTEGER NOT NULL, 
	embedding_model_id INTEGER NOT NULL, 
	vector BLOB NOT NULL, 
	CONSTRAINT pk_prompt_embedding PRIMARY KEY (run_id, embedding_model_id), 
	CONSTRAINT fk_prompt_embedding_run_id FOREIGN KEY(run_id) REFERENCES run (id) ON DELETE CASCADE, 
	CONSTRAINT fk_prompt_embedding_embedding_model_id FOREIGN KEY(embedding_model_id) REFERENCES embedding_model (id)
);
INSERT INTO "prompt_embedding" VALUES(1,1,X'000000000000803F0000000000000000');
INSERT INTO "prompt_embedding" VALUES(2,1,X'00000000000000000000803F00000000');
CREATE TABLE run (
	id INTEGER NOT NULL, 
	uuid CHAR(32) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	network JSON NOT NULL, 
	initial_prompt TEXT NOT NULL, 
	seed INTEGER, 
	stream INTEGER, 
	max_length INTEGER NOT NULL, 
	stop_reason VARCHAR(16), 
	period INTEGER, 
	failure TEXT, 
	CONSTRAINT pk_run PRIMARY KEY (id), 
	CONSTRAINT uq_run_uuid UNIQUE (uuid), 
	CONSTRAINT uq_run_experiment_id_number UNIQUE (experiment_id, number), 
	CONSTRAINT fk_run_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiment (id) ON DELETE CASCADE, 
	CONSTRAINT ck_run_seed_or_stream CHECK ((seed IS NULL) <> (stream IS NULL)), 
	CONSTRAINT ck_run_max_length CHECK (max_length >= 1), 
	CONSTRAINT ck_run_stop_reason CHECK (stop_reason IN ('length', 'cycle', 'failed')), 
	CONSTRAINT ck_run_period CHECK ((period IS NOT NULL) = (stop_reason IS NOT NULL AND stop_reason = 'cycle')), 
	CONSTRAINT ck_run_failure CHECK (stop_reason IS NULL OR stop_reason <> 'failed' OR failure IS NOT NULL)
);
INSERT INTO "run" VALUES(1,'10000000000000000000000000000000',1,0,'["Paint", "Describe"]','a fox',1,NULL,6,'length',NULL,NULL);
INSERT INTO "run" VALUES(2,'20000000000000000000000000000000',1,1,'["Paint", "Describe"]','a lake',NULL,7,6,NULL,NULL,NULL);
INSERT INTO "run" VALUES(3,'30000000000000000000000000000000',2,0,'["Turn"]','a tree',2,NULL,6,'cycle',1,NULL);
CREATE INDEX ix_experiment_config_hash ON experiment (config_hash);
CREATE INDEX ix_invocation_run_id_output_hash ON invocation (run_id, output_hash);
CREATE INDEX ix_invocation_input_invocation_id ON invocation (input_invocation_id);
CREATE INDEX ix_failed_attempt_run_id_sequence_number ON failed_attempt (run_id, sequence_number);
CREATE INDEX ix_cluster_medoid_embedding_id ON cluster (medoid_embedding_id);
CREATE INDEX ix_embedding_cluster_embedding_id ON embedding_cluster (embedding_id);
CREATE INDEX ix_clustering_result_fingerprint ON clustering_result (fingerprint);
CREATE UNIQUE INDEX ix_clustering_result_layer_group ON clustering_result (layer_group, layer);
CREATE INDEX ix_later_assignment_embedding_id ON later_assignment (embedding_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('embedding',13);
COMMIT;
