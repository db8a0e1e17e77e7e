#include "exporter/render.h"

const struct renderer *const renderers[] = {
	&render_text,
};

const size_t renderer_count = sizeof(renderers) / sizeof(renderers[0]);
