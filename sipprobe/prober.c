#include "sipprobe/prober.h"
#include "sipprobe/target_private.h"

/* OPTIONS (RFC 3261 11): one transaction, and any final response tells of the peer. */
const struct prober prober_options = {"OPTIONS", target_transact};
