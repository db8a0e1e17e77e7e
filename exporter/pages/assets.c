#include "exporter/pages/assets.h"

#include <string.h>

static const struct asset *assets_by_name(const char *name)
{
	for (size_t i = 0; i < assets_count; i++)
		if (!strcmp(assets[i].name, name))
			return &assets[i];
	return NULL;
}

const struct asset *assets_find(const char *path)
{
	size_t len = strlen(assets_hash);
	const struct asset *a;

	if (strncmp(path, assets_hash, len) || path[len] != '/')
		return NULL;
	a = assets_by_name(path + len + 1);
	return a && *a->type ? a : NULL;
}

const struct asset *assets_template(const char *name)
{
	return assets_by_name(name);
}
