/* The presets. A text is what could stand in `defaults`; docs/presets.md says why. */
#include "config/load.h"
#include "config/preset.h"

#define ANY_ANSWER "[\"2xx\",\"3xx\",\"400-407\",\"409-499\",501,\"6xx\"]"

static const struct {
	const char *name;
	const char *text;
} presets[] = {
	/* Health is judged by what came within the last three minutes, once a minute. */
	{"teams",
	 "{\"interval\":\"60s\",\"down_interval\":\"20s\",\"timeout\":\"10s\","
	 "\"fall\":3,\"rise\":1,\"connection\":\"reuse\",\"up_codes\":[\"2xx\"],"
	 "\"degraded_codes\":[408,503,504],\"tls\":{\"min_version\":\"TLS1.2\"}}"},
	/* A mediation server pings once a minute and gives a peer up after five. */
	{"lync", "{\"interval\":\"60s\",\"down_interval\":\"20s\",\"timeout\":\"10s\","
		 "\"fall\":5,\"rise\":1,\"connection\":\"reuse\",\"up_codes\":[\"2xx\"],"
		 "\"degraded_codes\":[503]}"},
	/* The ping of an Acme SBC, as another of its kind expects it. */
	{"oracle",
	 "{\"interval\":\"30s\",\"down_interval\":\"10s\",\"timeout\":\"5s\","
	 "\"fall\":2,\"rise\":1,\"max_forwards\":70,\"route\":[\"sip:{peer};lr\"],"
	 "\"from\":\"sip:ping@{local}\",\"to\":\"sip:ping@{peer}\","
	 "\"up_codes\":[\"2xx\",\"3xx\",\"4xx\",501,\"6xx\"],\"degraded_codes\":[503]}"},
	/* Any answer keeps a proxy alive, one success brings it back. */
	{"audiocodes",
	 "{\"interval\":\"60s\",\"down_interval\":\"10s\",\"timeout\":\"5s\","
	 "\"fall\":2,\"rise\":1,\"up_codes\":[\"2xx\",\"3xx\",\"4xx\",\"6xx\",500,501],"
	 "\"degraded_codes\":[\"502-599\"]}"},
	/* up-interval 60, down-interval 30, retry 5; 408, 503 and 505 busy a peer out. */
	{"cube",
	 "{\"interval\":\"60s\",\"down_interval\":\"30s\",\"timeout\":\"5s\","
	 "\"fall\":5,\"rise\":1,\"up_codes\":"
	 "[\"2xx\",\"3xx\",\"400-407\",\"409-499\",\"500-502\",504,\"506-599\",\"6xx\"],"
	 "\"degraded_codes\":[]}"},
	/* An OPTIONS ping of a trunk; 408 and 503 take its destination out of service. */
	{"cucm",
	 "{\"interval\":\"60s\",\"down_interval\":\"30s\",\"timeout\":\"5s\","
	 "\"fall\":2,\"rise\":1,\"connection\":\"reuse\",\"up_codes\":"
	 "[\"2xx\",\"3xx\",\"400-407\",\"409-499\",\"500-502\",\"504-599\",\"6xx\"],"
	 "\"degraded_codes\":[]}"},
	/* A proxy that routes answers 5xx when what is behind it fails. */
	{"kamailio", "{\"interval\":\"10s\",\"down_interval\":\"5s\",\"timeout\":\"3s\","
		     "\"fall\":3,\"rise\":1,\"up_codes\":" ANY_ANSWER ","
		     "\"degraded_codes\":[478,500,503]}"},
	{"opensips", "{\"interval\":\"30s\",\"down_interval\":\"10s\",\"timeout\":\"5s\","
		     "\"fall\":3,\"rise\":1,\"up_codes\":" ANY_ANSWER ","
		     "\"degraded_codes\":[478,500,503]}"},
	/* qualify_frequency 60, qualify_timeout 3; 401 and 404 are signs of life. */
	{"asterisk",
	 "{\"interval\":\"60s\",\"down_interval\":\"10s\",\"timeout\":\"3s\","
	 "\"fall\":2,\"rise\":1,\"up_codes\":" ANY_ANSWER ",\"degraded_codes\":[503],"
	 "\"websocket\":{\"path\":\"/ws\"}}"},
	/* A gateway is up at 200 to 599 but 408 and 503; 503 is how it sheds load. */
	{"freeswitch",
	 "{\"interval\":\"25s\",\"down_interval\":\"10s\",\"timeout\":\"5s\","
	 "\"fall\":3,\"rise\":1,\"up_codes\":"
	 "[\"2xx\",\"3xx\",\"400-407\",\"409-499\",\"500-502\",\"504-599\"],"
	 "\"degraded_codes\":[503]}"},
	/* Pings more frequent than one in 10 to 15 seconds get a customer banned. */
	{"itsp", "{\"interval\":\"60s\",\"down_interval\":\"20s\",\"timeout\":\"5s\","
		 "\"fall\":3,\"rise\":2,\"up_codes\":[\"2xx\",401,404,405,407],"
		 "\"degraded_codes\":[403,429,480,503]}"},
};

enum { PRESETS = sizeof(presets) / sizeof(presets[0]) };

_Static_assert((int)PRESETS <= (int)PRESETS_MAX, "struct load has room for every preset");

const char *preset_name(unsigned n)
{
	return n < PRESETS ? presets[n].name : NULL;
}

const char *preset_text(unsigned n)
{
	return n < PRESETS ? presets[n].text : NULL;
}
