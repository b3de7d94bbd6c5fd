// SPDX-License-Identifier: Apache-2.0
#include "agent/store/sqlite.h"

#include <sqlite3.h>

namespace sonde {
namespace {

Error error_of(sqlite3* database) {
  const std::string message = std::string("index: ") + sqlite3_errmsg(database);
  switch (sqlite3_errcode(database)) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:     // what was prepared does not fit the tables: another's, or damaged
    case SQLITE_MISMATCH:  // nor does what is in them
      return Error{ErrorCode::kDataLoss, message};
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return Error{ErrorCode::kResourceExhausted, message};
    default:
      return Error{ErrorCode::kUnavailable, message};
  }
}

}  // namespace

void SqlStatement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}
void Database::Close::operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }

void SqlStatement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

void SqlStatement::bind(int parameter, std::uint64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter + 1, static_cast<sqlite3_int64>(value));
}

void SqlStatement::bind(int parameter, std::string_view value) {
  sqlite3_bind_text64(statement_.get(), parameter + 1, value.data(), value.size(),
                      SQLITE_TRANSIENT,  // NOLINT
                      SQLITE_UTF8);
}

Result<bool> SqlStatement::step() {
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      const Error error = error_of(sqlite3_db_handle(statement_.get()));
      sqlite3_reset(statement_.get());
      return error;
  }
}

Result<void> SqlStatement::run() {
  auto stepped = step();
  sqlite3_reset(statement_.get());
  if (!stepped) return stepped.error();
  return {};
}

std::uint64_t SqlStatement::number(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_.get(), column));
}

std::string_view SqlStatement::text(int column) const {
  const auto* text = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int bytes = sqlite3_column_bytes(statement_.get(), column);
  return text == nullptr ? std::string_view()
                         : std::string_view(text, static_cast<std::size_t>(bytes));
}

Result<Database> Database::open(const std::string& path) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (handle == nullptr) return Error{ErrorCode::kResourceExhausted, "index: out of memory"};
  Database database(handle);
  if (code != SQLITE_OK) return error_of(handle);
  return database;
}

Result<void> Database::run(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return error_of(database_.get());
  }
  return {};
}

Result<SqlStatement> Database::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    return error_of(database_.get());
  }
  return SqlStatement(statement);
}

Result<std::uint64_t> Database::number(const char* sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  auto row = statement->step();
  if (!row) return row.error();
  if (!*row) return Error{ErrorCode::kNotFound, "index: no row"};
  return statement->number(0);
}

}  // namespace sonde
