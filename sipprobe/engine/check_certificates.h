/* A row of engine_check(): certificates of ours that peers will not take. */
#ifndef SIPPROBE_ENGINE_CHECK_CERTIFICATES_H
#define SIPPROBE_ENGINE_CHECK_CERTIFICATES_H

#include "config/config.h"

/*
 * Reads what trunks that speak TLS for certain show their peers, and what is shown to who
 * connects over TLS. Files that cannot be read are warnings here: who checks may have
 * other rights than who runs.
 *
 * Returns 0 or ENOMEM.
 */
int check_certificates(struct config_errors *warnings, const struct config *conf);

#endif
