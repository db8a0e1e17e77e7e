/* Forms of Kamailio's and OpenSIPS' destinations that are no tables. */
#ifndef EXPORTER_IMPORT_KAMAILIO_H
#define EXPORTER_IMPORT_KAMAILIO_H

#include "exporter/import/model.h"

/* What kamcmd dispatcher.list prints, and opensipsctl fifo ds_list. */
void kamcmd_read(struct import *im, const char *text, size_t len);

/* What the JSON-RPC of both prints: dispatcher.list, ds_list, lb_list, dr_gw_status. */
void mi_json_read(struct import *im, const char *text, size_t len);

#endif
