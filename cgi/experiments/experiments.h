#ifndef EXPERIMENTS_H
#define EXPERIMENTS_H

#include "change.h"
#include "listing.h"

/* The handlers of this family; the table of routes is in experiments.c. */
handler_fn add_experiment, change_experiment;
handler_fn act_on_experiment;
handler_fn show_schedule, save_schedule, cancel_schedule, preview_schedule, list_moments;
handler_fn see_snippet;

/* A row as the public object. */
row_json_fn experiment_json;

#endif
