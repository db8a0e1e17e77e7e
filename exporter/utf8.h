/* UTF-8 as RFC 3629 has it. */
#ifndef EXPORTER_UTF8_H
#define EXPORTER_UTF8_H

#include <stddef.h>

/* Length of the sequence that @p begins with, or 0 when its @len bytes begin with none.
 */
size_t utf8_sequence(const char *p, size_t len);

#endif
