BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE alerts (
	code VARCHAR(40) NOT NULL, 
	subject VARCHAR(200) NOT NULL, 
	text TEXT NOT NULL, 
	raised_at BIGINT NOT NULL, 
	CONSTRAINT pk_alerts PRIMARY KEY (code, subject)
);
INSERT INTO "alerts" VALUES('paused','in','away',5);
CREATE TABLE arrivals (
	id VARCHAR(24) NOT NULL, 
	place VARCHAR(80) NOT NULL, 
	folder TEXT NOT NULL, 
	name BLOB NOT NULL, 
	taken_as BLOB NOT NULL, 
	size BIGINT NOT NULL, 
	mtime BIGINT NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	shown TEXT NOT NULL, 
	draft TEXT NOT NULL, 
	draft_place BIGINT NOT NULL, 
	inode BIGINT NOT NULL, 
	ctime_ns BIGINT NOT NULL, 
	gone_at BIGINT, 
	CONSTRAINT pk_arrivals PRIMARY KEY (id)
)
 WITHOUT ROWID

;
CREATE TABLE chain (
	id INTEGER NOT NULL, 
	sequence BIGINT NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	committed BIGINT DEFAULT '0' NOT NULL, 
	copied_at BIGINT, 
	CONSTRAINT pk_chain PRIMARY KEY (id)
);
INSERT INTO "chain" VALUES(1,6,'1c41db00387232b8b4a5607b54951bbd165b38e375c2b5926922985f893d4944',6,NULL);
CREATE TABLE departures (
	id VARCHAR(24) NOT NULL, 
	place VARCHAR(80) NOT NULL, 
	target VARCHAR(80) NOT NULL, 
	name TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	uploaded_as TEXT NOT NULL, 
	delivered_as TEXT NOT NULL, 
	CONSTRAINT pk_departures PRIMARY KEY (id)
)
 WITHOUT ROWID

;
CREATE TABLE drops (
	id VARCHAR(24) NOT NULL, 
	route VARCHAR(80) NOT NULL, 
	name TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	mtime_ns BIGINT NOT NULL, 
	sha256 VARCHAR(64), 
	state VARCHAR(12) NOT NULL, 
	claimed_at BIGINT NOT NULL, 
	finished_at BIGINT, 
	flags VARCHAR(40) NOT NULL, 
	companions TEXT, 
	report TEXT, 
	number BIGINT, 
	effects TEXT, 
	CONSTRAINT pk_drops PRIMARY KEY (id)
)
 WITHOUT ROWID

;
INSERT INTO "drops" VALUES('1a207c8d3fa00011190d','in','a.txt',24,1795426931603031384,'a949537de1c2f8f875add742f2dbac7b1ef66fa73ba53e5fea8c4cadab7d8e2d','archived',1795426931706,1795426932021,'',NULL,NULL,1,NULL);
INSERT INTO "drops" VALUES('1a207c8d54c00035f465','in','b.txt',52,1795426932032135422,'31f866f4f9fe366c5d4b98086ee9864881234f1d4b3929262da2941dbc5cb063','archived',1795426932044,1795426932153,'',NULL,'{"problems":[],"warnings":[{"code":"warning","what":"Bitte beachten.","todo":"","row":null,"column":null,"column_index":null,"pointer":null,"record":null,"value":null}]}',2,NULL);
INSERT INTO "drops" VALUES('1a207c8d5c5000f20766','in','c.txt',11,1795426932157602910,'b222bfac5078dd958d4ea9dfead7e7f465814abb2b9b796804c4d5ef80eac900','archived',1795426932165,1795426932250,'',NULL,NULL,3,NULL);
INSERT INTO "drops" VALUES('1a207c8d6510009a8782','in','d.txt',14,1795426932302043210,'6c1b1d6fcd0715bda54afb1ab13f9230b7581cc8dd0fe3295352fb0de712c01b','archived',1795426932305,1795426932394,'','[["d.pdf","1a207c8d6510009a8782+0 d.pdf",9,"df35a6e25179552aef05aff2513eb13f072f1e88f0548deaa074ed91218d7889"]]',NULL,4,NULL);
INSERT INTO "drops" VALUES('1a207c8d6db000725d75','in','big.txt',12,1795426932430712608,'53da4471141807eb5f7f2ea19310365d9c140be30e8d9c8acec6c53dadd83601','archived',1795426932443,1795426932497,'',NULL,NULL,5,NULL);
INSERT INTO "drops" VALUES('1a207c8d7500009c90a4','in','e.txt',18,1795426932559442365,'f7e010f806a01e152eb7cdecabfb4a1d886eb69dd1a5fff9e6f6cdefba4e3ec8','archived',1795426932560,1795426933213,'released',NULL,NULL,6,NULL);
INSERT INTO "drops" VALUES('1a207c8d7d700084ae78','in','f.txt',21,1795426932688259401,'3a588e87b8c45e880d13795ae20e4df73118bb0a9e7d84e5360330fddef01235','rejected',1795426932695,1795426932748,'',NULL,'{"problems":[{"code":"rule","what":"Das geht nicht.","todo":"","row":null,"column":null,"column_index":null,"pointer":null,"record":null,"value":null}],"warnings":[]}',0,NULL);
INSERT INTO "drops" VALUES('1a207c8d8570004080a6','in','g.txt',7,1795426932819571340,'8972e321a03b4ba0b25257ad7a9fb04f6dac3649163c3701511ca1ca0c6818b5','held',1795426932823,NULL,'',NULL,'{"problems":[{"code":"look","what":"Bitte ansehen.","todo":"Bitte freigeben.","row":null,"column":null,"column_index":null,"pointer":null,"record":null,"value":null}],"warnings":[]}',0,NULL);
INSERT INTO "drops" VALUES('1a207c8d8d700046bf71','in','again.txt',24,1795426932943772524,'a949537de1c2f8f875add742f2dbac7b1ef66fa73ba53e5fea8c4cadab7d8e2d','duplicate',1795426932951,1795426933014,'',NULL,'{"problems":[{"code":"duplicate","what":"Eine Datei mit genau diesem Inhalt wurde am 23.11.2026 um 10:42 Uhr verarbeitet. Sie hieß „a.txt“.","todo":"Falls Sie neue Daten schicken wollten, bitte nachsehen, ob versehentlich die alte Datei abgelegt wurde.","row":null,"column":null,"column_index":null,"pointer":null,"record":null,"value":null}],"warnings":[]}',0,NULL);
CREATE TABLE keys (
	scope VARCHAR(80) NOT NULL, 
	"key" VARCHAR(200) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	drop_id VARCHAR(24) NOT NULL, 
	CONSTRAINT pk_keys PRIMARY KEY (scope, "key")
)
 WITHOUT ROWID

;
INSERT INTO "keys" VALUES('company:','AR-1','a949537de1c2f8f875add742f2dbac7b1ef66fa73ba53e5fea8c4cadab7d8e2d','1a207c8d3fa00011190d');
INSERT INTO "keys" VALUES('content:in','31f866f4f9fe366c5d4b98086ee9864881234f1d4b3929262da2941dbc5cb063','31f866f4f9fe366c5d4b98086ee9864881234f1d4b3929262da2941dbc5cb063','1a207c8d54c00035f465');
INSERT INTO "keys" VALUES('content:in','53da4471141807eb5f7f2ea19310365d9c140be30e8d9c8acec6c53dadd83601','53da4471141807eb5f7f2ea19310365d9c140be30e8d9c8acec6c53dadd83601','1a207c8d6db000725d75');
INSERT INTO "keys" VALUES('content:in','6c1b1d6fcd0715bda54afb1ab13f9230b7581cc8dd0fe3295352fb0de712c01b','6c1b1d6fcd0715bda54afb1ab13f9230b7581cc8dd0fe3295352fb0de712c01b','1a207c8d6510009a8782');
INSERT INTO "keys" VALUES('content:in','a949537de1c2f8f875add742f2dbac7b1ef66fa73ba53e5fea8c4cadab7d8e2d','a949537de1c2f8f875add742f2dbac7b1ef66fa73ba53e5fea8c4cadab7d8e2d','1a207c8d3fa00011190d');
INSERT INTO "keys" VALUES('content:in','b222bfac5078dd958d4ea9dfead7e7f465814abb2b9b796804c4d5ef80eac900','b222bfac5078dd958d4ea9dfead7e7f465814abb2b9b796804c4d5ef80eac900','1a207c8d5c5000f20766');
INSERT INTO "keys" VALUES('content:in','f7e010f806a01e152eb7cdecabfb4a1d886eb69dd1a5fff9e6f6cdefba4e3ec8','f7e010f806a01e152eb7cdecabfb4a1d886eb69dd1a5fff9e6f6cdefba4e3ec8','1a207c8d7500009c90a4');
CREATE TABLE ledger (
	company VARCHAR(20) NOT NULL, 
	kind VARCHAR(60) NOT NULL, 
	"key" VARCHAR(200) NOT NULL, 
	"group" VARCHAR(200) NOT NULL, 
	body TEXT NOT NULL, 
	drop_id VARCHAR(24) NOT NULL, 
	CONSTRAINT pk_ledger PRIMARY KEY (company, kind, "key")
)
 WITHOUT ROWID

;
INSERT INTO "ledger" VALUES('','count','files','','{"files":6}','1a207c8d7500009c90a4');
INSERT INTO "ledger" VALUES('','known','A','A','{"is":"known"}','1a207c8d3fa00011190d');
INSERT INTO "ledger" VALUES('','known','C','C','{"is":"known"}','1a207c8d54c00035f465');
INSERT INTO "ledger" VALUES('','known','E','E','{"is":"known"}','1a207c8d7500009c90a4');
INSERT INTO "ledger" VALUES('','many','0000000','0','{"number":0}','1a207c8d6db000725d75');
INSERT INTO "ledger" VALUES('','many','0000001','1','{"number":1}','1a207c8d6db000725d75');
INSERT INTO "ledger" VALUES('','many','0000002','2','{"number":2}','1a207c8d6db000725d75');
INSERT INTO "ledger" VALUES('','many','0000003','3','{"number":3}','1a207c8d6db000725d75');
INSERT INTO "ledger" VALUES('','many','0000004','4','{"number":4}','1a207c8d6db000725d75');
INSERT INTO "ledger" VALUES('','many','0000005','5','{"number":5}','1a207c8d6db000725d75');
INSERT INTO "ledger" VALUES('','many','0000006','6','{"number":6}','1a207c8d6db000725d75');
INSERT INTO "ledger" VALUES('','many','0000007','0','{"number":7}','1a207c8d6db000725d75');
INSERT INTO "ledger" VALUES('','many','0000008','1','{"number":8}','1a207c8d6db000725d75');
INSERT INTO "ledger" VALUES('','many','0000009','2','{"number":9}','1a207c8d6db000725d75');
INSERT INTO "ledger" VALUES('','many','0000010','3','{"number":10}','1a207c8d6db000725d75');
INSERT INTO "ledger" VALUES('','many','0000011','4','{"number":11}','1a207c8d6db000725d75');
CREATE TABLE outputs (
	drop_id VARCHAR(24) NOT NULL, 
	ordinal INTEGER NOT NULL, 
	target VARCHAR(80) NOT NULL, 
	name TEXT NOT NULL, 
	staged TEXT NOT NULL, 
	place BIGINT DEFAULT '0' NOT NULL, 
	inode BIGINT NOT NULL, 
	ctime_ns BIGINT NOT NULL, 
	size BIGINT NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_outputs PRIMARY KEY (drop_id, ordinal), 
	FOREIGN KEY(drop_id) REFERENCES drops (id)
)
 WITHOUT ROWID

;
INSERT INTO "outputs" VALUES('1a207c8d3fa00011190d',0,'out','a.out.txt','.staged/1a207c8d3fa00011190d.0.0',2990477,2990827,1795426931873787468,12,'d0ec71c0e179c7628c294bd55730cb729d2b2bfd0949f9758a13f6ab169674f2');
INSERT INTO "outputs" VALUES('1a207c8d54c00035f465',0,'out','b.out.txt','.staged/1a207c8d54c00035f465.0.0',2990477,2990871,1795426932063320397,12,'760129aa5c01145cc79c99d95c7691c267e4b016bdf01f7ad7727fefc9b44f52');
INSERT INTO "outputs" VALUES('1a207c8d54c00035f465',1,'out','many-0.txt','.staged/1a207c8d54c00035f465.0.1',2990477,2990872,1795426932063320397,12,'fcdcafe7bf394d178345db74c52091be67c32f8665a396691b0820caf01ab9ac');
INSERT INTO "outputs" VALUES('1a207c8d54c00035f465',2,'out','many-1.txt','.staged/1a207c8d54c00035f465.0.2',2990477,2990873,1795426932063320397,12,'3e2495866c8d2c33f5e8d4fad3175151e8ffaf2170c64b5dad4bb0b135196925');
INSERT INTO "outputs" VALUES('1a207c8d54c00035f465',3,'@notes','b.txt.hinweis.txt','.work/1a207c8d54c00035f465.hinweis.txt',2990419,2990874,1795426932067000354,599,'e11f362f04cb622a2d193f72b61290dd6b472c23e580c8a2e4187adc4e5488c6');
INSERT INTO "outputs" VALUES('1a207c8d5c5000f20766',0,'out','c.out.txt','.staged/1a207c8d5c5000f20766.0.0',2990477,2990956,1795426932167551114,12,'df43307dc9a7ec2dc2e666e64528283f90e8161885158a0bf4ad86b37878e3ac');
INSERT INTO "outputs" VALUES('1a207c8d6510009a8782',0,'out','d.pdf','.staged/1a207c8d6510009a8782.1.0',2990477,2991053,1795426932323481830,9,'df35a6e25179552aef05aff2513eb13f072f1e88f0548deaa074ed91218d7889');
INSERT INTO "outputs" VALUES('1a207c8d6510009a8782',1,'out','d.out.txt','.staged/1a207c8d6510009a8782.1.1',2990477,2991054,1795426932323604822,12,'167c1bedce983318de6644491dd722924f0dcb641b96bb38760ff288c68cf68c');
INSERT INTO "outputs" VALUES('1a207c8d6db000725d75',0,'out','big.out.txt','.staged/1a207c8d6db000725d75.0.0',2990477,2991196,1795426932455815932,14,'8e712a2d6b0b3ed52cc339e3cfad5ba092d66b95c688328626ea7eea8d3954c0');
INSERT INTO "outputs" VALUES('1a207c8d7500009c90a4',0,'out','e.out.txt','.staged/1a207c8d7500009c90a4.0.0',2990477,2991227,1795426933145805183,12,'61fec63771c02ab0012ee4a22fbeef33feeae853d8208863a6626cd5a4da0ba4');
INSERT INTO "outputs" VALUES('1a207c8d7d700084ae78',0,'@rejected','f.txt.hinweis.txt','.work/1a207c8d7d700084ae78.hinweis.txt',2990419,2991229,1795426932708893140,652,'4f4393e0401231b3eed056ebf27729d8c8125a1d699564c8b115ddc717d98dbc');
INSERT INTO "outputs" VALUES('1a207c8d7d700084ae78',1,'@rejected','f.txt','.work/1a207c8d7d700084ae78 f.txt',2990419,2991228,1795426932705826973,21,'3a588e87b8c45e880d13795ae20e4df73118bb0a9e7d84e5360330fddef01235');
INSERT INTO "outputs" VALUES('1a207c8d8570004080a6',0,'@held','g.txt.hinweis.txt','.work/1a207c8d8570004080a6.hinweis.txt',2990419,2991231,1795426932842930222,691,'97653faa7ad001ee4c63a208acf4b34525c6ab18bc2527f2ef2fc58d1b9699a0');
INSERT INTO "outputs" VALUES('1a207c8d8570004080a6',1,'@held','g.txt','.work/1a207c8d8570004080a6 g.txt',2990419,2991230,1795426932829826968,7,'8972e321a03b4ba0b25257ad7a9fb04f6dac3649163c3701511ca1ca0c6818b5');
INSERT INTO "outputs" VALUES('1a207c8d8d700046bf71',0,'@rejected','again.txt.hinweis.txt','.work/1a207c8d8d700046bf71.hinweis.txt',2990419,2991233,1795426932969460844,933,'0215167edfb26dfc12bcc5d83303a5f29e867fc30ac6abe6a21a6db9a08b8880');
INSERT INTO "outputs" VALUES('1a207c8d8d700046bf71',1,'@rejected','again.txt','.work/1a207c8d8d700046bf71 again.txt',2990419,2991232,1795426932953826963,24,'a949537de1c2f8f875add742f2dbac7b1ef66fa73ba53e5fea8c4cadab7d8e2d');
CREATE TABLE remote_places (
	name VARCHAR(80) NOT NULL, 
	connected BOOLEAN NOT NULL, 
	trouble TEXT, 
	failures INTEGER NOT NULL, 
	next_try_at BIGINT, 
	reached_at BIGINT, 
	collected BIGINT NOT NULL, 
	delivered BIGINT NOT NULL, 
	CONSTRAINT pk_remote_places PRIMARY KEY (name)
);
CREATE TABLE requests (
	id INTEGER NOT NULL, 
	verb VARCHAR(12) NOT NULL, 
	drop_id VARCHAR(24) NOT NULL, 
	reason TEXT NOT NULL, 
	asked_at BIGINT NOT NULL, 
	done BOOLEAN NOT NULL, 
	answer TEXT, 
	CONSTRAINT pk_requests PRIMARY KEY (id)
);
INSERT INTO "requests" VALUES(1,'release','1a207c8d7500009c90a4','test',1795426933071,1,'handled again');
INSERT INTO "requests" VALUES(2,'retry','1a207c8d7d700084ae78','test',1795426933228,0,NULL);
CREATE TABLE routes (
	name VARCHAR(80) NOT NULL, 
	archived BIGINT NOT NULL, 
	rejected BIGINT NOT NULL, 
	duplicate BIGINT NOT NULL, 
	discarded BIGINT NOT NULL, 
	last_drop_at BIGINT, 
	canary_at BIGINT, 
	paused_until BIGINT, 
	pause_reason TEXT, 
	CONSTRAINT pk_routes PRIMARY KEY (name)
);
INSERT INTO "routes" VALUES('in',6,1,1,0,1795426933213,NULL,NULL,NULL);
CREATE INDEX ix_drops_unfinished ON drops (id) WHERE finished_at IS NULL;
CREATE INDEX ix_ledger_group ON ledger (company, kind, "group");
CREATE INDEX ix_arrivals_folder ON arrivals (place, folder);
COMMIT;
