#ifndef XML_H
#define XML_H

#include "json.h"

/*
 * xml - XML 1.0 that is well-formed whatever text is put in.  Pure.
 *
 * Names are ours; text is any UTF-8.  What XML cannot hold becomes U+FFFD, line ends and tabs keep
 * what they are, markup is text.
 */
void xml_begin(struct out *o);                  /* the declaration */
void xml_open(struct out *o, const char *name); /* also with attributes of ours: "feed xmlns=…" */
void xml_close(struct out *o, const char *name);
void xml_text(struct out *o, const char *name, const char *text); /* <name>text</name> */

/* <name …/>; pairs are names and values of attributes, and end with NULL. */
void xml_empty(struct out *o, const char *name, const char *const pairs[]);

#endif
