/* The part of the listener that hears of surveys. */
#ifndef EXPORTER_ENGINE_LISTENER_SURVEY_H
#define EXPORTER_ENGINE_LISTENER_SURVEY_H

#include <stdbool.h>

#include "sipprobe/survey.h"

/*
 * What sizes pass, in one line of the log: at info where it is another than before.
 * @trunk, @address: of its series
 */
void engine_listener_survey_size(const struct survey_size_report *r, bool news,
				 const char *trunk, const char *address);

/* A train: at warning where somebody cut it off, else at debug. */
void engine_listener_survey_train(const struct survey_train_report *r, const char *trunk,
				  const char *address);

#endif
