/* libre, and the one place that knows what differs between its versions. */
#ifndef SIPPROBE_LOOP_COMPAT_H
#define SIPPROBE_LOOP_COMPAT_H

/* re_types.h and re_sa.h of 1.1 take these from the build that compiled libre. */
#ifndef HAVE_INTTYPES_H
#define HAVE_INTTYPES_H 1
#endif
#ifndef HAVE_STDBOOL_H
#define HAVE_STDBOOL_H 1
#endif
#ifndef HAVE_INET6
#define HAVE_INET6 1
#endif

#include <re.h>

#endif
