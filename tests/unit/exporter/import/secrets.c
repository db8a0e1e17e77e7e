/*
 * Whatever a file is like, and wherever in it a password stands: it is in nothing that is
 * printed.
 */
#include <string.h>

#include "tests/unit/exporter/import/imported.h"
#include "tests/unit/tap.h"

static const struct {
	const char *source;
	const char *text;
} texts[] = {
	{"kamailio", "1 sip:u:S3CRET@a.example 0 0\n"},
	{"kamailio", "1 sip:u:S3CRET@a.example:99999 0 0\n"},
	{"kamailio", "1 sip:u:S3CRET@a.example;transport=sctp\n"},
	{"kamailio", "1 sip:u:S3CRET#x@a.example 0 0\n"},
	{"kamailio", "1 sip:u:S3 S3CRET@a.example 0 0\n"},
	{"kamailio", "x sip:u:S3CRET@a.example 0 0\n1 b\n"},
	{"kamailio", "S3CRET\nS3CRET S3CRET S3CRET\n1 b S3CRET\n1 b 0 S3CRET\n"},
	{"kamailio", "1 sip:u:S3CRET\n1 b\n"},
	{"kamailio", "1 sip:u%3aS3CRET@a.example\n"},
	{"kamailio", "1 sip:u;pass=S3CRET@a.example\n"},
	{"kamailio", "1 sip:a.example;lr;password=S3CRET;x=y\n"},
	{"kamailio", "1 sip:a.example?Authorization=S3CRET\n"},
	{"kamailio", "1 a.example 0 0 auth_password=S3CRET;S3CRET;x=S3CRET # S3CRET\n"},
	{"kamailio", "1 a.example 0 0 weight=S3CRET;maxload=1S3CRET\n"},
	{"kamailio",
	 "1 a.example 0 0 ping_from=sip:u:S3CRET@x;obproxy=sip:u:S3CRET@y:x\n"},
	{"kamailio", "1 a.example 0 0 socket=udp:u:S3CRET@x;ping_socket=S3CRET@1:2:x\n"},
	{"kamailio", "1 a.example 0 0 duid=x S3CRET\n"},
	{"kamailio", "1 \"N\" <sip:u:S3CRET@a>\n1 <sip:u:S3CRET@a>:5060\n1 b\n"},
	{"kamailio", "#!KAMAILIO\nloadmodule \"x\"\n#!define P S3CRET\n"
		     "modparam(\"dispatcher\", \"db_url\", \"mysql://u:S3CRET@h/k\")\n"},
	{"kamailio",
	 "{\n URI: sip:u:S3CRET@a\n FLAGS: AP\n BODY: a=S3CRET;S3CRET\n S3CRET\n}"},
	{"kamailio",
	 "{\"URI\": \"sip:u:S3CRET@a\", \"attrs\": \"S3CRET\", \"x\": \"S3CRET\"}"},
	{"kamailio", "{\"URI\": \"sip:u:S3CRET@a\", \"x\": S3CRET}"},
	{"kamailio",
	 "INSERT INTO uacreg (l_uuid,r_domain,r_username,auth_password,auth_ha1,"
	 "auth_proxy) VALUES ('u','r','me','S3CRET','S3CRET','sip:u:S3CRET@p')"},
	{"kamailio",
	 "INSERT INTO dispatcher (setid,destination,attrs,flags,description) "
	 "VALUES (1,'sip:u:S3CRET@a','p=S3CRET',0,'password S3CRET'),"
	 "(1,'sip:u:S3CRET@b','','S3CRET',''),(NULL,'sip:u:S3CRET@c','S3CRET');"},
	{"kamailio", "INSERT INTO x VALUES (1,'S3CRET','sip:u:S3CRET@a');\n-- S3CRET\n"
		     "UPDATE y SET p='S3CRET';\nCREATE USER k PASSWORD 'S3CRET';"},
	{"kamailio",
	 "INSERT INTO dispatcher (setid,destination) VALUES (1,'a.example'),\n"
	 "(1,'sip:u:S3CRET@b"},
	{"kamailio", "id(int) setid(int) destination(string) attrs(string)\n"
		     "1:1:sip\\:u\\:S3CRET@a:S3CRET\\;p=S3CRET\n2:1:\\:S3CRET\n"},
	{"kamailio", "setid,destination,attrs\n1,sip:u:S3CRET@a,S3CRET\n1,x:S3CRET,\n"},
	{"opensips",
	 "INSERT INTO registrant (registrar,aor,username,password,proxy) VALUES "
	 "('sip:u:S3CRET@r','sip:u:S3CRET@r','u','S3CRET','sip:u:S3CRET@h ost');"},
	{"asterisk", "[a]\ntype=aor\ncontact=sip:u:S3CRET@a.example:5060\n"},
	{"asterisk",
	 "[a]\ntype=aor\ncontact=sip:u:S3CRET@a:x, sip:u:S3CRET@b, sip:u:S3\n"},
	{"asterisk",
	 "[a]\ntype=registration\nserver_uri=sip:u:S3CRET@a\\;transport=sctp\n"
	 "client_uri=sip:u:S3CRET@a\noutbound_proxy=sip:u:S3CRET@b c\n"},
	{"asterisk", "[a]\ntype=registration\nserver_uri=sip:a\nclient_uri=u:S3CRET@a b\n"
		     "outbound_auth=b\n[b]\ntype=auth\nusername=u\npassword=S3CRET\n"
		     "password=\nS3CRET\npassword S3CRET\n; S3CRET\n;-- S3CRET --;\n"},
	{"asterisk",
	 "[b]\ntype=auth\nusername=u\"\npassword=S3CRET\n[a]\ntype=registration\n"
	 "server_uri=sip:a\nclient_uri=sip:u@a\noutbound_auth=b\n"},
	{"asterisk", "password=S3CRET\n[S3\n[x](y\n#exec mysql -pS3CRET\n"
		     "#include password=S3CRET\n#S3CRET\n"},
	{"asterisk",
	 "[w]\ntype=wizard\nremote_hosts=u:S3CRET@a:x,u:S3CRET@b,h\nsends_auth=yes\n"
	 "sends_registrations=yes\noutbound_auth/username=u\n"
	 "outbound_auth/password=S3CRET\nclient_uri_pattern=sip:u:S3CRET@h\n"},
	{"asterisk", "[general]\nregister => u:S3CRET@h\nregister => u:S3CRET:v@h:x\n"
		     "register => u:S3CRET:S3CRET:v@h\nregister => u:S3@S3CRET@h\n"
		     "register => u:S3CRET\nregister => u:a://S3CRET@h\n"
		     "register => p?u:S3CRET@h b\nregister => u:S?3CRET@h\n"
		     "register => tls://u:S3CRET@h\nregister => u@d:S3CRET:v@h/1~2\n"},
	{"asterisk",
	 "[a]\ntype=peer\nhost=u:S3CRET@a\nsecret=S3CRET\nremotesecret=S3CRET\n"
	 "md5secret=S3CRET\ndefaultuser=u\nauth=u:S3CRET@r\nport=S3CRET\n"
	 "[b]\ntype=peer\nhost=b\nport=x\noutboundproxy=u:S3CRET@p\nsecret=S3CRET\n"
	 "defaultuser=u\nfromdomain=u:S3CRET@f\n"},
	{"asterisk",
	 "INSERT INTO ps_auths (id,username,password) VALUES ('a','u','S3CRET');"
	 "INSERT INTO sippeers (name,type,host,secret,defaultuser) VALUES "
	 "('p','peer','p.example','S3CRET','u');"},
	{"freeswitch",
	 "<gateway name='a'><param name='proxy' value='sip:u:S3CRET@a'/>"
	 "<param name='password' value='S3CRET'/>"
	 "<param name='username' value='u'/><param name='x' value='S3CRET'/>"
	 "<param name='ping' value='S3'/><S3CRET S3CRET='S3CRET'/></gateway>"},
	{"freeswitch", "<gateway name='a' password='S3CRET'><param name='proxy' "
		       "value='sip:u:S3CRET@a:x'/></gateway><!-- S3CRET -->"},
	{"freeswitch", "<X-PRE-PROCESS cmd='set' data='pw=S3CRET'/>"
		       "<X-PRE-PROCESS cmd='exec-set' data='pw=S3CRET'/>"
		       "<X-PRE-PROCESS cmd='include' data='http://u:S3CRET@h/x.xml'/>"
		       "<gateway name='a'><param name='username' value='u'/>"
		       "<param name='password' value='$${pw}'/></gateway>"},
	{"freeswitch", "<gateway name='a'><param name='password' value='S3CRET\n"
		       "<param name='proxy' value='b'/></gateway>"},
	{"freeswitch",
	 "<gateway name='a'><param name='from-domain' value='u:S3CRET@d e'/>"
	 "<param name='outbound-proxy' value='sip:u:S3CRET@p;transport=sctp'/>"
	 "<param name='register-transport' value='tls;password=S3CRET'/>"
	 "</gateway>"},
	{"freeswitch", "<!DOCTYPE S3CRET [<!ENTITY e 'S3CRET'>]><gateway name='a'/>"},
	{"freeswitch", "S3CRET"},
};

static void test_texts(void)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const struct import_text in = {"in", texts[i].text,
					       strlen(texts[i].text)};
		struct imported im = import_make(texts[i].source, &in, 1);

		if (!ok(!strstr(im.out, "3CRET"),
			"%s, text %zu: not in the configuration", texts[i].source, i))
			printf("# %s", im.out);
		if (!ok(!strstr(im.notes, "3CRET"), "and not among the notes"))
			printf("# %s", im.notes);
		imported_free(&im);
	}
}

int main(void)
{
	test_texts();
	return tap_done();
}
