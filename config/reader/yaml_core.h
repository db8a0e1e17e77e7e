/* Plain scalars by YAML's core schema (YAML 1.2.2, 10.3.2). */
#ifndef CONFIG_READER_YAML_CORE_H
#define CONFIG_READER_YAML_CORE_H

enum yaml_core {
	YAML_CORE_TEXT,
	YAML_CORE_NULL,
	YAML_CORE_TRUE,
	YAML_CORE_FALSE,
	YAML_CORE_NUMBER,
	YAML_CORE_NOT_FINITE, /* .inf, .nan: numbers to YAML, but none to JSON */
};

/* @number: set for YAML_CORE_NUMBER alone; to infinity where it is too great */
enum yaml_core yaml_core_resolve(double *number, const char *text);

#endif
