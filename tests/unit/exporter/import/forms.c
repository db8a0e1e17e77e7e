/*
 * Every form that destinations, endpoints and gateways are written in: what trunks they
 * make, each as NAME=URI, and what is said of the rest.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/exporter/import/imported.h"
#include "tests/unit/tap.h"

static const struct {
	const char *about;
	const char *source;
	const char *file;
	const char *text;
	const char *trunks; /* with a space between; "" for none */
	const char *note;   /* among the notes, or NULL */
} forms[] = {
	/* dispatcher.list */
	{"flags in hexadecimal", "kamailio", "l", "1 sip:a.example 0x24\n2 b.example 0XA",
	 "a.example=sip:a.example b.example=sip:b.example", "disabled (flag 4)"},
	{"no hexadecimal number", "kamailio", "l", "1 sip:a.example 0x", "",
	 "flags and priority are not numbers: \"sip:a.example\""},
	{"a priority below zero", "kamailio", "l", "1 sip:a.example 0 -3",
	 "a.example=sip:a.example", "priority -3 says nothing"},
	{"a placeholder for a host", "kamailio", "l", "1 sip:<host>:5060 0 0", "",
	 "left out: destination \"sip:<host>:5060\""},
	{"a template of another program", "kamailio", "l", "1 sip:{{.Host}}:5060 0", "",
	 "left out: destination \"sip:{{.Host}}:5060\""},
	{"a set that is no number", "kamailio", "l", "-1 sip:a.example", "",
	 "ATTRIBUTES: \"sip:a.example\""},
	{"ping_socket is for pings", "kamailio", "l",
	 "1 a.example 0 0 ping_socket=udp:192.0.2.7:5060;socket=udp:192.0.2.8:5060",
	 "a.example=sip:a.example@192.0.2.7", "leave from any port"},
	{"sockname", "kamailio", "l", "1 a.example 0 0 sockname=lan",
	 "a.example=sip:a.example", "left out: sockname of \"a.example\""},
	{"quotes around attributes", "kamailio", "l", "1 a.example 0 0 \"duid=x;cc=1\"",
	 "x=sip:a.example", "the attribute \"cc\" says nothing"},
	{"behind the attributes", "kamailio", "l", "1 a.example 0 0 duid=x; duid=y",
	 "x=sip:a.example", "white space that ends the attributes"},
	{"transports that nobody probes", "kamailio", "l",
	 "1 sip:a.example;transport=sctp", "",
	 "left out: destination \"sip:a.example;transport=sctp\""},
	{"WebSocket", "kamailio", "l",
	 "1 sip:a.example;transport=ws\n1 sip:b.example:8443;transport=wss\n"
	 "1 wss://c.example:8089/ws?x=1\n",
	 "a.example=sip:a.example;transport=ws "
	 "b.example:8443=sip:b.example:8443;transport=wss "
	 "c.example:8089=wss://c.example:8089/ws?x=1",
	 NULL},
	{"WebSocket in OpenSIPS", "opensips", "l",
	 "1 sip:a.example:8080;transport=ws\n1 ws://u:p@b.example/\n",
	 "a.example:8080=sip:a.example:8080;transport=ws",
	 "a user stands in \"auth\" or \"from\", not in a ws: address"},
	{"once more", "kamailio", "l", "1 a.example\n1 a.example\n2 a.example",
	 "a.example=sip:a.example a.example-3=sip:a.example",
	 "l:2: left out: \"a.example\" is the same as in l:1"},
	{"the server's script", "kamailio", "k",
	 "#!KAMAILIO\nloadmodule \"x.so\"\nmodparam(\"dispatcher\", \"db_url\", 1)\n", "",
	 "left out: the script of a server"},

	/* RPC */
	{"kamcmd dispatcher.list", "kamailio", "k",
	 "{\n NRSETS: 1\n RECORDS: {\n SET: {\n ID: 7\n TARGETS: {\n DEST: {\n"
	 " URI: sip:192.0.2.1:5060\n FLAGS: AP\n PRIORITY: 0\n ATTRS: {\n"
	 " BODY: duid=x;weight=5\n DUID: x\n SOCKET: <null string>\n}\n}\n DEST: {\n"
	 " URI: sip:192.0.2.2;transport=tcp\n FLAGS: DX\n PRIORITY: 0\n}\n}\n}\n}\n}\n",
	 "x=sip:192.0.2.1:5060 192.0.2.2=sip:192.0.2.2;transport=tcp",
	 "k:18: paused: \"192.0.2.2\" is disabled"},
	{"opensipsctl fifo ds_list", "opensips", "o",
	 "PARTITION:: default\n\tSET:: 3\n\t\tURI:: sip:192.0.2.1 state=Active "
	 "first_hit_counter=0\n\t\tURI:: sip:192.0.2.2 state=Inactive first=0\n",
	 "192.0.2.1=sip:192.0.2.1 192.0.2.2=sip:192.0.2.2",
	 "paused: \"192.0.2.2\" is inactive"},
	{"kamctl fifo ds_list", "kamailio", "o",
	 "SET_NO:: 1\nSET:: 3\n\tURI:: sip:192.0.2.1 flag=DX priority=0 attrs=\n",
	 "192.0.2.1=sip:192.0.2.1", "paused: \"192.0.2.1\" is disabled (flag 4)"},
	{"JSON-RPC", "kamailio", "j",
	 "{\"jsonrpc\":\"2.0\",\"result\":{\"NRSETS\":1,\"RECORDS\":[{\"SET\":{\"ID\":4,"
	 "\"TARGETS\":[{\"DEST\":{\"URI\":\"sip:192.0.2.1\",\"FLAGS\":\"IX\","
	 "\"PRIORITY\":0,\"ATTRS\":{\"BODY\":\"duid=y\",\"DUID\":\"y\"}}}]}}]},\"id\":1}",
	 "y=sip:192.0.2.1", "paused: \"y\" is inactive (flag 1) and not probed"},
	{"opensips-cli -x mi dr_gw_status", "opensips", "j",
	 "{\"Gateways\":[{\"ID\":\"gw1\",\"IP\":\"192.0.2.1:5070\",\"Enabled\":\"yes\"},"
	 "{\"ID\":\"gw2\",\"IP\":\"192.0.2.2\",\"Enabled\":\"no\"}]}",
	 "gw1=sip:192.0.2.1:5070 gw2=sip:192.0.2.2", "paused: \"gw2\" is inactive"},
	{"broken JSON", "opensips", "j", "{\"a\": [\n1,\n}", "", "j:3: left out: JSON"},

	/* tables */
	{"dbtext", "kamailio", "dispatcher",
	 "id(int,auto) setid(int) destination(string) flags(int) priority(int) "
	 "attrs(string) description(string)\n"
	 "1:1:sip\\:192.0.2.1\\:5060:0:0:weight=50\\;duid=d:FS 1\n"
	 "2:1:sip\\:192.0.2.2:4:0::\n",
	 "d=sip:192.0.2.1:5060 192.0.2.2=sip:192.0.2.2", "is disabled (flag 4)"},
	{"dbtext of OpenSIPS", "kamailio", "x",
	 "id(int,auto) setid(int) destination(string) socket(string,null) state(int) "
	 "probe_mode(int) weight(string) priority(int) attrs(string,null) "
	 "description(string,null)\n1:1:sip\\:a.example:udp\\:192.0.2.9\\:5060:1:1:1:0::"
	 "\n",
	 "a.example=sip:a.example@192.0.2.9", "inactive (state 1)"},
	{"INSERT with columns", "kamailio", "s",
	 "INSERT INTO `dispatcher` (`id`,`setid`,`destination`,`flags`) VALUES\n"
	 "(1,1,'sip:a.example:5090',0),\n(2,1,'sip:b.example',8);\n",
	 "a.example:5090=sip:a.example:5090 b.example=sip:b.example", "2 trunks"},
	{"INSERT without columns, of Kamailio's", "kamailio", "s",
	 "insert into dispatcher values (1, 1, 'sip:a.example', 0, 0, '', 'it''s "
	 "\\'a\\'')",
	 "it's 'a'=sip:a.example", NULL},
	{"of OpenSIPS'", "opensips", "s",
	 "INSERT INTO public.dispatcher VALUES "
	 "(1,2,'sip:a.example',NULL,0,0,'1',0,'x','');",
	 "a.example=sip:a.example",
	 "is not probed by OpenSIPS (probe_mode 0), but will be"},
	{"CREATE TABLE names the columns", "kamailio", "s",
	 "CREATE TABLE IF NOT EXISTS `k`.`mine` (\n `x` varchar(9) DEFAULT 'a,b',\n"
	 " destination text,\n setid int(10) NOT NULL,\n PRIMARY KEY (`x`),\n"
	 " CHECK (setid > 0)\n) ENGINE=InnoDB;\n"
	 "REPLACE INTO mine VALUES ('q','sip:a.example',3);\n",
	 "a.example=sip:a.example", "1 trunk\n"},
	{"columns that nobody names", "kamailio", "s",
	 "INSERT INTO other VALUES (1,'sip:u:pw@a.example');", "",
	 "s:1: left out: \"sip:u:redacted@a.example\": a row of table \"other\""},
	{"INSERT … SET", "kamailio", "s",
	 "INSERT INTO dispatcher SET setid=1, destination='sip:a.example';",
	 "a.example=sip:a.example", NULL},
	{"COPY", "kamailio", "s",
	 "COPY public.dispatcher (id, setid, destination, flags, description) FROM "
	 "stdin;\n"
	 "1\t5\tsip:a.example\t0\tone\n2\t5\tsip:b.example\t0\t\\N\n\\.\n\n"
	 "SELECT 1;\nINSERT INTO dispatcher (setid,destination) VALUES "
	 "(1,'sip:c.example');",
	 "one=sip:a.example b.example=sip:b.example c.example=sip:c.example", "3 trunks"},
	{"comments and other statements", "kamailio", "s",
	 "-- it's\n/*!40101 SET x='y' */;\nLOCK TABLES `dispatcher` WRITE;\n"
	 "INSERT INTO dispatcher (setid, destination) VALUES (1, E'sip:a.example');\n",
	 "a.example=sip:a.example", NULL},
	{"dr_gateways", "opensips", "s",
	 "INSERT INTO dr_gateways (gwid,type,address,state) VALUES "
	 "('gw1',10,'192.0.2.1:5060;transport=tls',0),('gw2',10,'sip:b.example',1);",
	 "gw1=sip:192.0.2.1:5060;transport=tls gw2=sip:b.example", "\"gw2\" is inactive"},
	{"dr_gateways that the database numbers", "kamailio", "s",
	 "insert into dr_gateways values (null,8,'a.example',0,'','','name:A,gwgroup:1');"
	 "INSERT INTO dr_gateways (type,address,pri_prefix) VALUES (8,'b.example','');"
	 "INSERT INTO dr_gateways (gwid,address) SELECT NULL, lower(a) FROM b;",
	 "name:A,gwgroup:1=sip:a.example b.example=sip:b.example", NULL},
	{"load_balancer", "opensips", "s",
	 "INSERT INTO load_balancer VALUES (1,4,'sip:a.example','pstn=9',1,NULL,NULL);",
	 "a.example=sip:a.example", NULL},
	{"registrant", "opensips", "s",
	 "INSERT INTO registrant (registrar,proxy,aor,username,password,state) VALUES "
	 "('sip:r.example','sip:p.example;lr','sip:me@r.example','me','pw',0);",
	 "me@r.example=sip:r.example", "put the password that stands here into"},
	{"uacreg", "kamailio", "s",
	 "INSERT INTO uacreg "
	 "(l_uuid,r_username,r_domain,auth_username,auth_ha1,auth_proxy) "
	 "VALUES ('u1','me','r.example','me','0123','sip:192.0.2.5');",
	 "u1=sip:r.example", "left out: the credentials of \"u1\", which are a hash"},
	{"lcr_gw", "kamailio", "s",
	 "INSERT INTO lcr_gw (lcr_id,gw_name,ip_addr,port,uri_scheme,transport) VALUES "
	 "(1,'g','192.0.2.1',5070,1,2),(1,'h','2001:db8::1',NULL,1,1),(1,'i','',0,1,1);",
	 "g=sip:192.0.2.1:5070;transport=tcp h=sip:[2001:db8::1]",
	 "gateway \"i\" has no address"},
	{"trusted", "kamailio", "s",
	 "INSERT INTO trusted (id,src_ip,proto) VALUES (1,'192.0.2.1','any');", "",
	 "left out: \"192.0.2.1\" of table \"trusted\" is who may call"},
	{"mysql -t", "kamailio", "t",
	 "+----+-------+---------------+\n| id | setid | destination   |\n"
	 "+----+-------+---------------+\n|  1 |     2 | sip:a.example |\n+----+\n",
	 "a.example=sip:a.example", NULL},
	{"mysql", "kamailio", "t", "setid\tdestination\tflags\n1\tsip:a.example\tNULL\n",
	 "a.example=sip:a.example", NULL},
	{"psql", "opensips", "t",
	 " gwid | address\n------+---------\n g1   | a.example\n(1 row)\n",
	 "g1=sip:a.example", NULL},
	{"CSV", "kamailio", "t",
	 "\"setid\",\"destination\",\"description\"\n1,\"sip:a.example\",\"b, "
	 "\"\"c\"\"\"\n",
	 "b, \"c\"=sip:a.example", NULL},

	/* Asterisk's sections */
	{"(+) goes on with the first of its name", "asterisk", "c",
	 "[a]\ntype=endpoint\naors=a\n[a]\ntype=aor\ncontact=sip:a.example\n"
	 "qualify_frequency=9\n[A](+)\naors=b\n[b]\ntype=aor\ncontact=sip:b.example\n",
	 "a=sip:b.example a-2=sip:a.example", NULL},
	{"(+type=…) filters", "asterisk", "c",
	 "[a]\ntype=endpoint\naors=a\n[a]\ntype=aor\n[a](+type=aor)\n"
	 "contact=sip:a.example\n[a](+type=auth)\nusername=u\n",
	 "a=sip:a.example", "there is no section \"a\" before this line to go on with"},
	{"templates of a name in another case", "asterisk", "c",
	 "[Tpl](!)\ntype=aor\n[a](tpl)\ncontact=sip:a.example\n", "a=sip:a.example",
	 NULL},
	{"wss is kept, flow is no UDP", "asterisk", "c",
	 "[w]\ntype=transport\nprotocol=wss\n[f]\ntype=transport\nprotocol=flow\n"
	 "[a]\ntype=endpoint\naors=a\ntransport=w\n[a]\ntype=aor\ncontact=sip:a.example\n"
	 "[b]\ntype=endpoint\naors=b\ntransport=f\n[b]\ntype=aor\ncontact=sip:b."
	 "example\n",
	 "a=sip:a.example;transport=wss",
	 "left out: \"b\" goes over flow, which is not probed"},
	{"a transport of the URI itself", "asterisk", "c",
	 "[w]\ntype=transport\nprotocol=wss\n[a]\ntype=endpoint\naors=a\ntransport=w\n"
	 "[a]\ntype=aor\ncontact=sip:a.example\\;transport=tls\n",
	 "a=sip:a.example;transport=tls", NULL},
	{"known by its address", "asterisk", "c",
	 "[a]\ntype=endpoint\n[i]\ntype=identify\nendpoint=a\nmatch=192.0.2.1\n", "",
	 "endpoint \"a\" has no contact of its own, and identify says where it calls"},
	{"a hash", "asterisk", "c",
	 "[a]\ntype=registration\nserver_uri=sip:a.example\nclient_uri=sip:u@a.example\n"
	 "outbound_auth=m\n[m]\ntype=auth\nusername=u\nmd5_cred=0123\n",
	 "a=sip:a.example", "left out: a hash, where auth needs the password itself"},
	{"realtime", "asterisk", "sorcery.conf",
	 "[res_pjsip]\nendpoint=realtime,ps_endpoints\n", "",
	 "left out: endpoint is in a database; give its rows as SQL"},
	{"rows of realtime tables", "asterisk", "s",
	 "INSERT INTO ps_endpoints (id,aors,from_user) VALUES ('a','a',NULL);\n"
	 "INSERT INTO ps_aors (id,contact) VALUES ('a','sip:a.example');\n"
	 "INSERT INTO sippeers (name,type,host,port) VALUES "
	 "('p','peer','p.example',5070);",
	 "a=sip:a.example p=sip:p.example:5070", NULL},
	{"a wizard", "asterisk", "c",
	 "[t](!)\ntype=wizard\nsends_auth=yes\nsends_registrations=yes\n"
	 "aor/qualify_frequency=30\n[w](t)\nremote_hosts=a.example:5070, b.example\n"
	 "outbound_auth/username=u\noutbound_auth/password=p\n",
	 "w=sip:a.example:5070 w-2=sip:b.example w-reg-0=sip:a.example:5070 "
	 "w-reg-1=sip:b.example",
	 "put the password that stands here into w-oauth.secret"},
	{"patterns of a wizard", "asterisk", "c",
	 "[w]\ntype=wizard\nremote_hosts=a.example\n"
	 "contact_pattern=sips:${USERNAME}x@${REMOTE_HOST}:5061\n"
	 "outbound_auth/username=u\n",
	 "w=sips:ux@a.example:5061", NULL},
	{"a telephone of a wizard", "asterisk", "c",
	 "[w]\ntype=wizard\naccepts_registrations=yes\n", "",
	 "left out: wizard \"w\" names no remote_hosts, so it is a device"},

	/* chan_sip */
	{"peers and friends", "asterisk", "sip.conf",
	 "[general]\ntransport=tcp,udp\n[a]\ntype=peer\nhost=a.example\nport=5070\n"
	 "qualify=2000\n[b](a)\ntransport=udp\nhost=2001:db8::1\nport=\n[c]\ntype="
	 "friend\n"
	 "host=dynamic\n[d]\ntype=user\n",
	 "a=sip:a.example:5070;transport=tcp b=sip:[2001:db8::1]",
	 "left out: \"c\": it has no host of its own"},
	{"a peer over wss", "asterisk", "sip.conf",
	 "[a]\ntype=peer\nhost=a.example\ntransport=wss,udp\n",
	 "a=sip:a.example;transport=wss", NULL},
	{"register lines", "asterisk", "sip.conf",
	 "[general]\nregister => "
	 "u:p@r.example/100\nregister=u@d.example:p:v@s.example:5070~9\n"
	 "register => peer?tls://u:p@t.example\nregister => u:p@my\n[my]\ntype=peer\n"
	 "host=m.example\nport=5090\nsecret=x\n",
	 "my=sip:m.example:5090 r.example=sip:r.example s.example=sip:s.example:5070 "
	 "peer=sip:t.example;transport=tls my-2=sip:m.example:5090",
	 NULL},
	{"register lines of a file of their own", "asterisk", "sip_registrations.conf",
	 "register=u:p@r.example\nregister=nonsense\n", "r.example=sip:r.example",
	 ":2: left out: a register line that is not of the form USER:SECRET@HOST"},
	{"a peer that is registered at", "asterisk", "sip.conf",
	 "[a]\ntype=peer\nhost=a.example\ndefaultuser=u\nsecret=p\ncallbackextension=1\n"
	 "outboundproxy=tls://p.example:5061,force\n",
	 "a=sip:a.example", "is asked whether its registration stands"},
	{"IAX is not SIP", "asterisk", "/etc/asterisk/iax.conf",
	 "[general]\nregister => u:p@r.example\n[a]\ntype=peer\nhost=a.example\n", "",
	 "left out: \"a\": IAX is not SIP"},
	{"users.conf", "asterisk", "users.conf",
	 "[t]\ntype=peer\nhost=a.example\nhassip=yes\n", "",
	 "left out: \"t\": users.conf"},

	/* FreeSWITCH */
	{"several roots, bare '&', an end that nothing began", "freeswitch", "x",
	 "<include/>\n<gateway name='a'><param name='proxy' value='a.example'/>"
	 "<param name='password' value='a&b'/></gateway>\n<gateway name='b'>"
	 "<param name='proxy' value='b.example'/></gateway></include>",
	 "a=sip:a.example b=sip:b.example", NULL},
	{"a comment alone", "freeswitch", "x", "<!-- a -- <gateway name='a'> -->", "",
	 ""},
	{"comments with '--'", "freeswitch", "x",
	 "<!-- <!-- a -- b --><gateway name='a.example'/>", "a.example=sip:a.example",
	 NULL},
	{"entities", "freeswitch", "x",
	 "<gateway name='a&amp;&#66;&#x43;&nbsp;&quot;'>"
	 "<param name='proxy' value='h.example'/></gateway>",
	 "a&BC&nbsp;\"=sip:h.example", NULL},
	{"variables that the files set", "freeswitch", "x",
	 "<X-PRE-PROCESS cmd=\"set\" data=\"d=example\"/><!--#set \"h=gw.$${d}\"-->"
	 "<gateway name='$${n}'><param name='proxy' value='$${h}:5070'/></gateway>",
	 "gw.example:5070=sip:gw.example:5070", "the name of a gateway is a variable"},
	{"variables in a circle", "freeswitch", "x",
	 "<X-PRE-PROCESS cmd='set' data='a=$${b}$${b}$${b}'/>"
	 "<X-PRE-PROCESS cmd='set' data='b=$${a}$${a}$${a}'/>"
	 "<gateway name='g'><param name='proxy' value='$${a}'/></gateway>",
	 "", "left out: gateway \"g\", as its host is a variable"},
	{"wss", "freeswitch", "x",
	 "<gateway name='g.example'>"
	 "<param name='register-transport' value='wss'/></gateway>",
	 "g.example=sip:g.example;transport=wss", NULL},
	{"a transport that nobody probes", "freeswitch", "x",
	 "<gateway name='g.example'>"
	 "<param name='register-transport' value='sctp'/></gateway>",
	 "", "left out: \"g.example\" goes over sctp"},
	{"a tag without an end", "freeswitch", "x",
	 "<gateway name='a.example'>\n<param name=\"proxy value='x'/>\n</gateway>\n"
	 "<gateway name='b.example'></gateway>",
	 "a.example=sip:a.example b.example=sip:b.example",
	 "x:2: left out: a tag without an end"},
	{"a gateway without an end", "freeswitch", "x",
	 "<gateway name='a.example'>\n<gateway name='b.example'>",
	 "a.example=sip:a.example b.example=sip:b.example", "\"a.example\" has no end"},
	{"no XML", "freeswitch", "x", "rubbish", "", "x:1: left out: there is no XML"},
	{"rows of FusionPBX", "freeswitch", "s",
	 "INSERT INTO v_gateways "
	 "(gateway,username,password,proxy,register_proxy,register,"
	 "from_user) VALUES ('g','u','p','a.example:5080','','false','f');",
	 "g=sip:a.example:5080", "put the password that stands here into g.secret"},
};

/* "NAME=URI", with "@ADDRESS" where requests leave from one; freed by the caller. */
static char *trunks_of(const char *text)
{
	cJSON *tree = cJSON_Parse(text);
	const cJSON *t;
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);

	cJSON_ArrayForEach(t, cJSON_GetObjectItem(tree, "trunks"))
	{
		const char *local = cJSON_GetStringValue(
			cJSON_GetObjectItem(cJSON_GetObjectItem(t, "local"), "address"));

		fprintf(f, "%s%s=%s%s%s", ftell(f) ? " " : "",
			cJSON_GetStringValue(cJSON_GetObjectItem(t, "name")),
			cJSON_GetStringValue(cJSON_GetObjectItem(t, "uri")),
			local ? "@" : "", local ? local : "");
	}
	fclose(f);
	cJSON_Delete(tree);
	return out;
}

static void test_forms(void)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		size_t len = strlen(forms[i].text);
		/* A text need not end with a zero. */
		char *text = memcpy(malloc(len ? len : 1), forms[i].text, len);
		const struct import_text in = {forms[i].file, text, len};
		struct imported im = import_make(forms[i].source, &in, 1);
		char *trunks = trunks_of(im.out);

		is_str(trunks, forms[i].trunks, forms[i].about);
		if (!ok(!forms[i].note || strstr(im.notes, forms[i].note), "its note"))
			printf("# notes: %s# want: %s\n", im.notes, forms[i].note);
		free(trunks);
		imported_free(&im);
		free(text);
	}
}

/* --- several files --- */

static const struct {
	const char *about;
	const char *source;
	struct import_text texts[4];
	const char *trunks;
	const char *note;   /* among the notes, or NULL */
	const char *absent; /* not among them, or NULL */
	size_t unusable;
} several[] = {
	{"a file that another includes is read there, and not asked for",
	 "asterisk",
	 {{"/etc/asterisk/pjsip.a.conf", "[a](tpl)\ncontact=sip:a.example\n", 0},
	  {"/etc/asterisk/pjsip.conf",
	   "[tpl](!)\ntype=aor\n#include \"pjsip.a.conf\"\n#include none.conf\n"
	   "[b](tpl)\ncontact=sip:b.example\n",
	   0}},
	 "a=sip:a.example b=sip:b.example",
	 "#include none.conf is not followed",
	 "pjsip.a.conf is not",
	 0},
	{"by a pattern, and settings go on behind it",
	 "asterisk",
	 {{"e/sip.conf",
	   "[general]\n#tryinclude e/sip.d/*.conf\nregister=u:p@b.example\n", 0},
	  {"e/sip.d/a.conf", "register=u:p@a.example\n", 0}},
	 "a.example=sip:a.example b.example=sip:b.example",
	 NULL,
	 "outside of a section",
	 0},
	{"files that include each other",
	 "asterisk",
	 {{"a", "#include b\n[x]\ntype=aor\ncontact=sip:x.example\n", 0},
	  {"b", "#include a\n", 0}},
	 "x=sip:x.example",
	 NULL,
	 "is not followed",
	 0},
	{"of another folder",
	 "asterisk",
	 {{"/e/pjsip.conf", "#include b/t.conf\n", 0},
	  {"/e/a/t.conf", "[x]\ntype=aor\ncontact=sip:x.example\n", 0}},
	 "x=sip:x.example",
	 "#include b/t.conf is not followed",
	 NULL,
	 0},
	{"variables of a file that comes later",
	 "freeswitch",
	 {{"e/x.xml",
	   "<gateway name='g'><param name='proxy' value='$${h}'/></gateway>"
	   "<X-PRE-PROCESS cmd='include' data='x/*.xml'/>",
	   0},
	  {"vars.xml", "<include><X-PRE-PROCESS cmd='set' data='h=h.example'/></include>",
	   0}},
	 "g=sip:h.example",
	 "the include of x/*.xml is not followed",
	 NULL,
	 0},
	{"one that cannot be used does not stop the others",
	 "freeswitch",
	 {{"a.xml", "<gateway name='a.example'/>", 0},
	  {"bad.xml",
	   "\n<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>", 0},
	  {"c.xml", "<gateway name='c.example'/>", 0}},
	 "a.example=sip:a.example c.example=sip:c.example",
	 "bad.xml:2: a document type, and so entities, are refused",
	 "root:",
	 1},
};

static void test_several(void)
{
	for (size_t i = 0; i < sizeof(several) / sizeof(*several); i++) {
		struct import_text in[4];
		struct imported im;
		size_t count = 0;
		char *trunks;

		for (; count < 4 && several[i].texts[count].file; count++) {
			in[count] = several[i].texts[count];
			in[count].len = strlen(in[count].text);
		}
		im = import_make(several[i].source, in, count);
		trunks = trunks_of(im.out);
		is_str(trunks, several[i].trunks, several[i].about);
		is_int((int)im.unusable, (int)several[i].unusable, "what cannot be used");
		if (!ok(!several[i].note || strstr(im.notes, several[i].note),
			"a note") ||
		    !ok(!several[i].absent || !strstr(im.notes, several[i].absent),
			"and not another"))
			printf("# notes: %s", im.notes);
		free(trunks);
		imported_free(&im);
	}
}

int main(void)
{
	test_forms();
	test_several();
	return tap_done();
}
