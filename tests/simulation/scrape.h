/* Scrapes, now and then, and what the judges say of them. */
#ifndef TESTS_SIMULATION_SCRAPE_H
#define TESTS_SIMULATION_SCRAPE_H

void scrape_begin(void);

#endif
