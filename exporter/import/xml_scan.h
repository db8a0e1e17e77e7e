/*
 * The tags of an XML text, one by one, as forgiving as FreeSWITCH reads it: several
 * roots, a bare '&', comments with "--" in them, end tags that nothing began. No tree is
 * built, nothing is fetched, and a document type, with all its entities, is refused.
 */
#ifndef EXPORTER_IMPORT_XML_SCAN_H
#define EXPORTER_IMPORT_XML_SCAN_H

#include "exporter/import/model.h"

enum { XML_ATTRIBUTES_MAX = 16 };

struct xml_tag {
	const char *name;
	bool begins; /* <name>, or <name/> */
	bool ends;   /* </name>, or <name/> */
	struct {
		const char *name;
		const char *value; /* entities are replaced */
	} attributes[XML_ATTRIBUTES_MAX];
	size_t count;
	struct import_at at;
};

enum xml_end {
	XML_READ,    /* to its end */
	XML_NOTHING, /* there is text, but no tag and no comment */
	XML_BROKEN,  /* a tag has no end; what follows it was read */
	XML_DOCTYPE, /* it was not read on from there */
};

/*
 * Calls @take for each tag, and for comments that hold a directive, `#set "a=b"`, as a
 * tag "X-PRE-PROCESS" with cmd and data.
 *
 * @where: set to the first place where something was wrong
 */
enum xml_end xml_scan(struct import *im, const char *text, size_t len,
		      void (*take)(struct import *im, const struct xml_tag *tag,
				   void *arg),
		      void *arg, struct import_at *where);

/* The value of an attribute, or NULL. */
const char *xml_attribute(const struct xml_tag *tag, const char *name);

#endif
