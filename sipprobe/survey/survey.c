#include "sipprobe/survey/survey.h"

#include "sipprobe/survey/size_check.h"

struct survey {
	const struct survey_host *host;
	struct size_check *size; /* owned; NULL: none is under way */
	struct size_memory memory;
	uint32_t probes; /* since the last check of sizes began */
	bool checked;	 /* there was one */
};

static void survey_destructor(void *arg)
{
	struct survey *s = arg;

	mem_deref(s->size);
}

int survey_alloc(struct survey **sp, const struct survey_host *host)
{
	struct survey *s = mem_zalloc(sizeof(*s), survey_destructor);

	if (!s)
		return ENOMEM;
	s->host = host;
	*sp = s;
	return 0;
}

static void survey_size_h(const struct size_answers *a, void *arg)
{
	struct survey_size_report r;
	struct survey *s = arg;

	size_memory_add(&s->memory, a, &r);
	s->size = mem_deref(s->size);
	s->host->size_h(&r, s->host->arg);
}

void survey_probed(struct survey *s, bool well)
{
	const struct config_size *set = s->host->settings_h(s->host->arg)->size;

	s->probes += s->probes < UINT32_MAX;
	if (!set || !well || s->size || (s->checked && s->probes < set->every))
		return;
	s->probes = 0;
	/* Without a socket there is no check this time. */
	s->checked = true;
	(void)size_check_alloc(&s->size, s->host, survey_size_h, s);
}
