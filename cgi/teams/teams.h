#ifndef TEAMS_H
#define TEAMS_H

#include "change.h"
#include "listing.h"

/* The handlers of this family; the table of routes is in teams.c. */
handler_fn list_members, add_member, change_member, remove_member;
handler_fn list_keys, add_key, remove_key;
handler_fn list_failed, replay_delivery, lift_suppression;
handler_fn list_audit;
handler_fn list_projects, add_project, show_project, change_project;

#define NAME_MAX_CHARS 200 /* of teams, projects and keys */

#endif
