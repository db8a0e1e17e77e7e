/* The part of the listener that hears of surveys. */
#ifndef EXPORTER_ENGINE_LISTENER_SURVEY_H
#define EXPORTER_ENGINE_LISTENER_SURVEY_H

#include "sipprobe/survey.h"

/* As probe_events has them, with the struct store as @arg. */

/* What sizes pass: in the log at info where it is another than before. */
void engine_listener_survey_size_h(void *p, const struct survey_size_report *r,
				   void *arg);

/* A train: at warning where somebody cut it off, else at debug. */
void engine_listener_survey_train_h(void *p, const struct survey_train_report *r,
				    void *arg);

#endif
