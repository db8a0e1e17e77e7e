#include "exporter/import/rows.h"

#include <string.h>
#include <strings.h>

bool row_has(const struct row *r, const char *column)
{
	for (size_t i = 0; i < r->count; i++) {
		if (!strcasecmp(r->columns[i], column))
			return true;
	}
	return false;
}

const char *row_value(const struct row *r, const char *column)
{
	for (size_t i = 0; i < r->count; i++) {
		if (!strcasecmp(r->columns[i], column))
			return r->values[i] && *r->values[i] ? r->values[i] : NULL;
	}
	return NULL;
}

/* As the two create their tables; dumps of data alone do not name the columns. */
static const char *const kamailio_dispatcher[] = {
	"id", "setid", "destination", "flags", "priority", "attrs", "description",
};
static const char *const opensips_dispatcher[] = {
	"id",	      "setid",	"destination", "socket", "state",
	"probe_mode", "weight", "priority",    "attrs",	 "description",
};
static const char *const opensips_dispatcher_2[] = {
	"id",	  "setid",    "destination", "socket",	    "state",
	"weight", "priority", "attrs",	     "description",
};
static const char *const kamailio_dr_gateways[] = {
	"gwid", "type", "address", "strip", "pri_prefix", "attrs", "description",
};
static const char *const opensips_dr_gateways[] = {
	"id",	 "gwid",       "type",	"address", "strip",	  "pri_prefix",
	"attrs", "probe_mode", "state", "socket",  "description",
};
static const char *const load_balancer[] = {
	"id", "group_id", "dst_uri", "resources", "probe_mode", "attrs", "description",
};
static const char *const opensips_registrant[] = {
	"id",
	"registrar",
	"proxy",
	"aor",
	"third_party_registrant",
	"username",
	"password",
	"binding_URI",
	"binding_params",
	"expiry",
	"forced_socket",
	"cluster_shtag",
	"state",
};
static const char *const kamailio_uacreg[] = {
	"id",	 "l_uuid",	  "l_username",	   "l_domain", "r_username", "r_domain",
	"realm", "auth_username", "auth_password", "auth_ha1", "auth_proxy", "expires",
	"flags", "reg_delay",	  "contact_addr",  "socket",
};
static const char *const kamailio_lcr_gw[] = {
	"id",	      "lcr_id",	   "gw_name", "ip_addr", "hostname", "port",  "params",
	"uri_scheme", "transport", "strip",   "prefix",	 "tag",	     "flags", "defunct",
};

#define KNOWN(name, list)                                                                \
	{                                                                                \
		name, list, sizeof(list) / sizeof(*(list))                               \
	}

static const struct {
	const char *table;
	const char *const *columns;
	size_t count;
} known[] = {
	KNOWN("dispatcher", kamailio_dispatcher),
	KNOWN("dispatcher", opensips_dispatcher),
	KNOWN("dispatcher", opensips_dispatcher_2),
	KNOWN("dr_gateways", kamailio_dr_gateways),
	KNOWN("dr_gateways", opensips_dr_gateways),
	KNOWN("load_balancer", load_balancer),
	KNOWN("registrant", opensips_registrant),
	KNOWN("uacreg", kamailio_uacreg),
	KNOWN("lcr_gw", kamailio_lcr_gw),
};

const char *const *row_known_columns(const char *table, size_t count)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (known[i].count == count && !strcasecmp(known[i].table, table))
			return known[i].columns;
	}
	return NULL;
}
