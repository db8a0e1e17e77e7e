#include "exporter/store/store_text.h"

#include <errno.h>
#include <string.h>

#include "exporter/store/labels.h"

void store_text_trunk(struct buffer *b, const struct config_trunk *trunk)
{
	unsigned i;

	labels_add(b, "trunk", trunk->name);
	for (i = 0; i < trunk->label_count; i++)
		labels_add(b, trunk->labels[i].name, trunk->labels[i].value);
}

/* The URI without its user's password. One that cannot be split is not shown at all. */
static void store_text_uri_label(struct buffer *b, const char *text,
				 const struct config_uri *uri)
{
	const char *colon = NULL;

	if (uri && uri->user.l)
		colon = memchr(uri->user.p, ':', uri->user.l);
	if (colon)
		labels_add_joined(b, "uri", (struct slice){text, (size_t)(colon - text)},
				  uri->user.p + uri->user.l);
	else
		labels_add(b, "uri", uri ? text : "");
}

void store_text_info(struct buffer *b, const struct config_trunk *trunk,
		     const struct config_uri *uri)
{
	enum config_transport transport = uri ? uri->transport : CONFIG_TRANSPORT_NONE;

	store_text_uri_label(b, trunk->uri, uri);
	labels_add(b, "transport", config_transport_name(transport));
	labels_add(b, "profile", trunk->profile ? trunk->profile : "");
}

struct store_text_at store_text_target(struct buffer *b,
				       const struct engine_target *target)
{
	struct store_text_at at;

	labels_add(b, "method", target->method);
	at.from = b->len + sizeof(STORE_TEXT_ADDRESS) - 1;
	labels_add(b, "address", target->address);
	at.to = b->len - 1;
	labels_add(b, "transport", target->transport);
	if (b->len > UINT16_MAX)
		b->err = ENOMEM;
	return at;
}

void store_text_file(struct buffer *b, const char *path)
{
	const char *slash = strrchr(path, '/');

	labels_add(b, "file", slash ? slash + 1 : path);
}
