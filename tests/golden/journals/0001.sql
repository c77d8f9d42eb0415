BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE alerts (
	code VARCHAR(40) NOT NULL, 
	subject VARCHAR(200) NOT NULL, 
	text TEXT NOT NULL, 
	raised_at BIGINT NOT NULL, 
	CONSTRAINT pk_alerts PRIMARY KEY (code, subject)
);
INSERT INTO "alerts" VALUES('paused','in','away',5);
CREATE TABLE chain (
	id INTEGER NOT NULL, 
	sequence BIGINT NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	committed BIGINT DEFAULT '0' NOT NULL, 
	copied_at BIGINT, 
	CONSTRAINT pk_chain PRIMARY KEY (id)
);
INSERT INTO "chain" VALUES(1,6,'44a768da72707e910e17627e79527b6086b4a8877fad0e12d2f6c4e7d9df6256',6,NULL);
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
INSERT INTO "drops" VALUES('1a20718082600060c18c','in','a.txt',24,1795415345174584616,'a949537de1c2f8f875add742f2dbac7b1ef66fa73ba53e5fea8c4cadab7d8e2d','archived',1795415345190,1795415345705,'',NULL,NULL,1,NULL);
INSERT INTO "drops" VALUES('1a207180a3b000e4ca65','in','b.txt',52,1795415345718974643,'31f866f4f9fe366c5d4b98086ee9864881234f1d4b3929262da2941dbc5cb063','archived',1795415345723,1795415345750,'',NULL,'{"problems":[],"warnings":[{"code":"warning","what":"Bitte beachten.","todo":"","row":null,"column":null,"column_index":null,"pointer":null,"record":null,"value":null}]}',2,NULL);
INSERT INTO "drops" VALUES('1a207180aab000bf1af8','in','c.txt',11,1795415345828004613,'b222bfac5078dd958d4ea9dfead7e7f465814abb2b9b796804c4d5ef80eac900','archived',1795415345835,1795415345889,'',NULL,NULL,3,NULL);
INSERT INTO "drops" VALUES('1a207180b25000aad7bb','in','d.txt',14,1795415345948714410,'6c1b1d6fcd0715bda54afb1ab13f9230b7581cc8dd0fe3295352fb0de712c01b','archived',1795415345957,1795415346021,'','[["d.pdf","1a207180b25000aad7bb+0 d.pdf",9,"df35a6e25179552aef05aff2513eb13f072f1e88f0548deaa074ed91218d7889"]]',NULL,4,NULL);
INSERT INTO "drops" VALUES('1a207180b9b000173141','in','big.txt',12,1795415346070630683,'53da4471141807eb5f7f2ea19310365d9c140be30e8d9c8acec6c53dadd83601','archived',1795415346075,1795415346129,'',NULL,NULL,5,NULL);
INSERT INTO "drops" VALUES('1a207180c15000260611','in','e.txt',18,1795415346191398085,'f7e010f806a01e152eb7cdecabfb4a1d886eb69dd1a5fff9e6f6cdefba4e3ec8','archived',1795415346197,1795415346781,'released',NULL,NULL,6,NULL);
INSERT INTO "drops" VALUES('1a207180c9300015ac1a','in','f.txt',21,1795415346316575535,'3a588e87b8c45e880d13795ae20e4df73118bb0a9e7d84e5360330fddef01235','rejected',1795415346323,1795415346345,'',NULL,'{"problems":[{"code":"rule","what":"Das geht nicht.","todo":"","row":null,"column":null,"column_index":null,"pointer":null,"record":null,"value":null}],"warnings":[]}',0,NULL);
INSERT INTO "drops" VALUES('1a207180d0b000dd742d','in','g.txt',7,1795415346437465599,'8972e321a03b4ba0b25257ad7a9fb04f6dac3649163c3701511ca1ca0c6818b5','held',1795415346443,NULL,'',NULL,'{"problems":[{"code":"look","what":"Bitte ansehen.","todo":"Bitte freigeben.","row":null,"column":null,"column_index":null,"pointer":null,"record":null,"value":null}],"warnings":[]}',0,NULL);
INSERT INTO "drops" VALUES('1a207180d8500097a01f','in','again.txt',24,1795415346559826760,'a949537de1c2f8f875add742f2dbac7b1ef66fa73ba53e5fea8c4cadab7d8e2d','duplicate',1795415346565,1795415346586,'',NULL,'{"problems":[{"code":"duplicate","what":"Eine Datei mit genau diesem Inhalt wurde am 23.11.2026 um 07:29 Uhr verarbeitet. Sie hieß „a.txt“.","todo":"Falls Sie neue Daten schicken wollten, bitte nachsehen, ob versehentlich die alte Datei abgelegt wurde.","row":null,"column":null,"column_index":null,"pointer":null,"record":null,"value":null}],"warnings":[]}',0,NULL);
CREATE TABLE keys (
	scope VARCHAR(80) NOT NULL, 
	"key" VARCHAR(200) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	drop_id VARCHAR(24) NOT NULL, 
	CONSTRAINT pk_keys PRIMARY KEY (scope, "key")
)
 WITHOUT ROWID

;
INSERT INTO "keys" VALUES('company:','AR-1','a949537de1c2f8f875add742f2dbac7b1ef66fa73ba53e5fea8c4cadab7d8e2d','1a20718082600060c18c');
INSERT INTO "keys" VALUES('content:in','31f866f4f9fe366c5d4b98086ee9864881234f1d4b3929262da2941dbc5cb063','31f866f4f9fe366c5d4b98086ee9864881234f1d4b3929262da2941dbc5cb063','1a207180a3b000e4ca65');
INSERT INTO "keys" VALUES('content:in','53da4471141807eb5f7f2ea19310365d9c140be30e8d9c8acec6c53dadd83601','53da4471141807eb5f7f2ea19310365d9c140be30e8d9c8acec6c53dadd83601','1a207180b9b000173141');
INSERT INTO "keys" VALUES('content:in','6c1b1d6fcd0715bda54afb1ab13f9230b7581cc8dd0fe3295352fb0de712c01b','6c1b1d6fcd0715bda54afb1ab13f9230b7581cc8dd0fe3295352fb0de712c01b','1a207180b25000aad7bb');
INSERT INTO "keys" VALUES('content:in','a949537de1c2f8f875add742f2dbac7b1ef66fa73ba53e5fea8c4cadab7d8e2d','a949537de1c2f8f875add742f2dbac7b1ef66fa73ba53e5fea8c4cadab7d8e2d','1a20718082600060c18c');
INSERT INTO "keys" VALUES('content:in','b222bfac5078dd958d4ea9dfead7e7f465814abb2b9b796804c4d5ef80eac900','b222bfac5078dd958d4ea9dfead7e7f465814abb2b9b796804c4d5ef80eac900','1a207180aab000bf1af8');
INSERT INTO "keys" VALUES('content:in','f7e010f806a01e152eb7cdecabfb4a1d886eb69dd1a5fff9e6f6cdefba4e3ec8','f7e010f806a01e152eb7cdecabfb4a1d886eb69dd1a5fff9e6f6cdefba4e3ec8','1a207180c15000260611');
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
INSERT INTO "ledger" VALUES('','count','files','','{"files":6}','1a207180c15000260611');
INSERT INTO "ledger" VALUES('','known','A','A','{"is":"known"}','1a20718082600060c18c');
INSERT INTO "ledger" VALUES('','known','C','C','{"is":"known"}','1a207180a3b000e4ca65');
INSERT INTO "ledger" VALUES('','known','E','E','{"is":"known"}','1a207180c15000260611');
INSERT INTO "ledger" VALUES('','many','0000000','0','{"number":0}','1a207180b9b000173141');
INSERT INTO "ledger" VALUES('','many','0000001','1','{"number":1}','1a207180b9b000173141');
INSERT INTO "ledger" VALUES('','many','0000002','2','{"number":2}','1a207180b9b000173141');
INSERT INTO "ledger" VALUES('','many','0000003','3','{"number":3}','1a207180b9b000173141');
INSERT INTO "ledger" VALUES('','many','0000004','4','{"number":4}','1a207180b9b000173141');
INSERT INTO "ledger" VALUES('','many','0000005','5','{"number":5}','1a207180b9b000173141');
INSERT INTO "ledger" VALUES('','many','0000006','6','{"number":6}','1a207180b9b000173141');
INSERT INTO "ledger" VALUES('','many','0000007','0','{"number":7}','1a207180b9b000173141');
INSERT INTO "ledger" VALUES('','many','0000008','1','{"number":8}','1a207180b9b000173141');
INSERT INTO "ledger" VALUES('','many','0000009','2','{"number":9}','1a207180b9b000173141');
INSERT INTO "ledger" VALUES('','many','0000010','3','{"number":10}','1a207180b9b000173141');
INSERT INTO "ledger" VALUES('','many','0000011','4','{"number":11}','1a207180b9b000173141');
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
INSERT INTO "outputs" VALUES('1a20718082600060c18c',0,'out','a.out.txt','.staged/1a20718082600060c18c.0.0',2360087,2360172,1795415345633181474,12,'d0ec71c0e179c7628c294bd55730cb729d2b2bfd0949f9758a13f6ab169674f2');
INSERT INTO "outputs" VALUES('1a207180a3b000e4ca65',0,'out','b.out.txt','.staged/1a207180a3b000e4ca65.0.0',2360087,2360419,1795415345727372142,12,'760129aa5c01145cc79c99d95c7691c267e4b016bdf01f7ad7727fefc9b44f52');
INSERT INTO "outputs" VALUES('1a207180a3b000e4ca65',1,'out','many-0.txt','.staged/1a207180a3b000e4ca65.0.1',2360087,2360436,1795415345727372142,12,'fcdcafe7bf394d178345db74c52091be67c32f8665a396691b0820caf01ab9ac');
INSERT INTO "outputs" VALUES('1a207180a3b000e4ca65',2,'out','many-1.txt','.staged/1a207180a3b000e4ca65.0.2',2360087,2360452,1795415345727372142,12,'3e2495866c8d2c33f5e8d4fad3175151e8ffaf2170c64b5dad4bb0b135196925');
INSERT INTO "outputs" VALUES('1a207180a3b000e4ca65',3,'@notes','b.txt.hinweis.txt','.work/1a207180a3b000e4ca65.hinweis.txt',2359993,2360468,1795415345728599078,599,'b771a302b157e4ac23f16a3ccd35ff3b65ade5f4c6859c144712a2bbcb3b0034');
INSERT INTO "outputs" VALUES('1a207180aab000bf1af8',0,'out','c.out.txt','.staged/1a207180aab000bf1af8.0.0',2360087,2359917,1795415345837726192,12,'df43307dc9a7ec2dc2e666e64528283f90e8161885158a0bf4ad86b37878e3ac');
INSERT INTO "outputs" VALUES('1a207180b25000aad7bb',0,'out','d.pdf','.staged/1a207180b25000aad7bb.1.0',2360087,2360514,1795415345962916049,9,'df35a6e25179552aef05aff2513eb13f072f1e88f0548deaa074ed91218d7889');
INSERT INTO "outputs" VALUES('1a207180b25000aad7bb',1,'out','d.out.txt','.staged/1a207180b25000aad7bb.1.1',2360087,2360530,1795415345963154522,12,'167c1bedce983318de6644491dd722924f0dcb641b96bb38760ff288c68cf68c');
INSERT INTO "outputs" VALUES('1a207180b9b000173141',0,'out','big.out.txt','.staged/1a207180b9b000173141.0.0',2360087,2360606,1795415346079563444,14,'8e712a2d6b0b3ed52cc339e3cfad5ba092d66b95c688328626ea7eea8d3954c0');
INSERT INTO "outputs" VALUES('1a207180c15000260611',0,'out','e.out.txt','.staged/1a207180c15000260611.0.0',2360087,2360612,1795415346739132021,12,'61fec63771c02ab0012ee4a22fbeef33feeae853d8208863a6626cd5a4da0ba4');
INSERT INTO "outputs" VALUES('1a207180c9300015ac1a',0,'@rejected','f.txt.hinweis.txt','.work/1a207180c9300015ac1a.hinweis.txt',2359993,2360614,1795415346328617498,652,'9d08cb96e26fe879556c751d9784b2048c2077be496fb7940e7d041c7c0a8784');
INSERT INTO "outputs" VALUES('1a207180c9300015ac1a',1,'@rejected','f.txt','.work/1a207180c9300015ac1a f.txt',2359993,2360613,1795415346324035276,21,'3a588e87b8c45e880d13795ae20e4df73118bb0a9e7d84e5360330fddef01235');
INSERT INTO "outputs" VALUES('1a207180d0b000dd742d',0,'@held','g.txt.hinweis.txt','.work/1a207180d0b000dd742d.hinweis.txt',2359993,2360616,1795415346446955214,691,'f797f7c81af387c733678682536752a19fb7a232faa5dd716bb0e49b5497f7f4');
INSERT INTO "outputs" VALUES('1a207180d0b000dd742d',1,'@held','g.txt','.work/1a207180d0b000dd742d g.txt',2359993,2360615,1795415346444031326,7,'8972e321a03b4ba0b25257ad7a9fb04f6dac3649163c3701511ca1ca0c6818b5');
INSERT INTO "outputs" VALUES('1a207180d8500097a01f',0,'@rejected','again.txt.hinweis.txt','.work/1a207180d8500097a01f.hinweis.txt',2359993,2360618,1795415346568718240,933,'9144e77e2322d91ba018eb11ba41dd4c355bd6661765762bf3950fb4db654337');
INSERT INTO "outputs" VALUES('1a207180d8500097a01f',1,'@rejected','again.txt','.work/1a207180d8500097a01f again.txt',2359993,2360617,1795415346565101677,24,'a949537de1c2f8f875add742f2dbac7b1ef66fa73ba53e5fea8c4cadab7d8e2d');
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
INSERT INTO "requests" VALUES(1,'release','1a207180c15000260611','test',1795415346680,1,'handled again');
INSERT INTO "requests" VALUES(2,'retry','1a207180c9300015ac1a','test',1795415346795,0,NULL);
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
INSERT INTO "routes" VALUES('in',6,1,1,0,1795415346781,NULL,NULL,NULL);
CREATE INDEX ix_drops_unfinished ON drops (id) WHERE finished_at IS NULL;
CREATE INDEX ix_ledger_group ON ledger (company, kind, "group");
COMMIT;
