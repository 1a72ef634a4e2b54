/* sql_test - every statement of sql/query prepares against a freshly migrated schema. */
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "queries.h"
#include "t.h"

int
main(void)
{
	const char *url = getenv("TEST_DATABASE_URL");
	struct db *db;

	if (url == NULL)
		return 77;
	db = db_open(url, true);
	for (size_t i = 0; q_all[i] != NULL; i++) {
		T_OK(db_check(db, q_all[i]) == DB_OK, "%s", db_error(db));
		T_OK(q_all[i]->id == i && i < Q_COUNT, "%s: its number", q_all[i]->name);
		for (size_t k = 0; k < i; k++)
			T_OK(strcmp(q_all[k]->name, q_all[i]->name) != 0, "two named %s",
			    q_all[i]->name);
	}
	db_close(db);
	return T_DONE("sql");
}
