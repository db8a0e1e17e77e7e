/* Passwords in files that cannot be used: what is said of them is not what they are. */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/reader/errors.h"
#include "tests/unit/tap.h"

#define TRUNK(members)                                                                   \
	"{\"trunks\": [{\"name\": \"a\", \"uri\": \"sip:h\", " members "}]}"
#define URI(text)     "{\"trunks\": [{\"name\": \"a\", \"uri\": \"" text "\"}]}"
#define AUTH(members) TRUNK("\"auth\": {\"username\": \"u\", " members "}")
#define YAML(lines)   "trunks:\n- name: a\n  uri: sip:h\n" lines

static const struct {
	const char *path;
	const char *text;
} files[] = {
	/* within URIs */
	{"/x.json", URI("sip:usr:S3CRET@h:99999")},
	{"/x.json", URI("sip:usr:S3CRET@h;transport=sctp")},
	{"/x.json", URI("sip:usr:S3CRET@h ost")},
	{"/x.json", URI("sip:usr:S3 CRETS3CRET@h")},
	{"/x.json", URI("sip:usr:S3CRET#@h")},
	{"/x.json", URI("sip:usr:@S3CRET@h")},
	{"/x.json", URI("sip:usr:S3CRET")},
	{"/x.json", URI("usr:S3CRET@h")},
	{"/x.json", URI("http://usr:S3CRET@h")},
	{"/x.json", URI("sip:h;password=S3CRET;transport=sctp")},
	{"/x.json", URI("sip:h?Authorization=S3CRET")},
	{"/x.json", URI("sip:usr:S3CRET@")},
	{"/x.json", URI("<sip:usr:S3CRET@h>")},
	{"/x.json", URI("sip:usr:S3CRET%4@h")},
	{"/x.json", TRUNK("\"from\": \"sip:u:S3CRET@h ost\"")},
	{"/x.json", TRUNK("\"contact\": \"sip:u:S3CRET@h:0\"")},
	{"/x.json", TRUNK("\"to\": \"u:S3CRET@h\"")},
	{"/x.json", TRUNK("\"request_uri\": \"sip:u:S3CRET@{nobody}\"")},
	{"/x.json", TRUNK("\"outbound_proxy\": \"sip:u:S3CRET@h;transport=x\"")},
	{"/x.json", TRUNK("\"route\": [\"sip:u:S3CRET@h;;\"]")},
	{"/x.json", TRUNK("\"register\": {\"aor\": \"sip:u:S3CRET@\"}")},
	/* credentials */
	{"/x.json", AUTH("\"password\": S3CRET")},
	{"/x.json", AUTH("\"password\": \"S3CRET\", \"password\": \"S3CRET\"")},
	{"/x.json", AUTH("\"password\": [\"S3CRET\"]")},
	{"/x.json", AUTH("\"password\": {\"S3CRET\": 1}")},
	{"/x.json", AUTH("\"password\": \"S3CRET\\u0001\"")},
	{"/x.json", AUTH("\"password\": \"S3CRET\\q\"")},
	{"/x.json", AUTH("\"password\": 'S3CRET'")},
	{"/x.json", AUTH("\"password\": \"S3CRET\" \"password_file\": \"x\"")},
	{"/x.json", AUTH("\"password\": \"S3CRET\", \"password_file\": \"/none\"")},
	{"/x.json", AUTH("\"pasword\": \"S3CRET\"")},
	{"/x.json", AUTH("\"password:S3CRET\": 1")},
	{"/x.json", AUTH("\"password S3CRET\": 1")},
	{"/x.json", AUTH("\"password\":S3CRET, \"x\": 1")},
	{"/x.json", TRUNK("\"auth\": \"u:S3CRET@h\"")},
	{"/x.json", TRUNK("\"auth\": [\"u\", \"S3CRET\"]")},
	{"/x.json", TRUNK("\"password\": \"S3CRET\"")},
	{"/x.json", TRUNK("\"headers\": {\"X-Token\": \"S3CRET\\n\"}")},
	{"/x.json", TRUNK("\"headers\": {\"X-Token\": S3CRET}")},
	{"/x.yaml", YAML("  auth:\n    username: u\n    password: S3CRET\n   x: 1\n")},
	{"/x.yaml", YAML("  auth: {username: u, password:S3CRET}\n")},
	{"/x.yaml", YAML("  auth: {username: u, password S3CRET}\n")},
	{"/x.yaml", YAML("  auth:\n    username: u\n    password S3CRET\n")},
	{"/x.yaml", YAML("  auth:\n    username: u\n    password: *S3CRET\n")},
	{"/x.yaml", YAML("  auth:\n    username: u\n    password: &S3CRET\n")},
	{"/x.yaml", YAML("  auth:\n    username: u\n    password: !S3CRET x\n")},
	{"/x.yaml", YAML("  auth:\n    username: u\n    password: \"S3CRET\n")},
	{"/x.yaml", YAML("  auth:\n    username: u\n    password: 'S3CRET' x\n")},
	{"/x.yaml", YAML("  auth:\n    username: u\n    password: @S3CRET\n")},
	{"/x.yaml", YAML("  auth:\n    username: u\n    password: %S3CRET\n")},
	{"/x.yaml", YAML("  auth:\n    username: u\n    password: S3CRET: x\n")},
	{"/x.yaml", YAML("  auth:\n    username: u\n    passwort: S3CRET\n")},
	{"/x.yaml", YAML("  auth: u:S3CRET@h\n")},
	{"/x.yaml", YAML("  password: S3CRET\n")},
	{"/x.yaml", YAML("  from: sip:u:S3CRET@h ost\n")},
	{"/x.yaml", YAML("  from: [sip:u:S3CRET@h]\n")},
};

static void test_files(void)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct config_errors errs = {0};
		struct config *c = NULL;
		char *text = NULL;
		size_t len = 0;
		FILE *f = open_memstream(&text, &len);
		int err = config_parse(&c, files[i].text, strlen(files[i].text),
				       files[i].path, &errs);

		config_errors_print(&errs, f);
		fclose(f);
		ok(err && errs.count, "file %zu cannot be used", i);
		if (!ok(!strstr(text, "S3CRET") && !strstr(text, "3CRE"),
			"and nothing is shown"))
			printf("# %s", text);
		config_free(c);
		config_errors_clear(&errs);
		free(text);
	}
}

int main(void)
{
	test_files();
	return tap_done();
}
