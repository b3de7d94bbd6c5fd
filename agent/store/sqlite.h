// SPDX-License-Identifier: Apache-2.0
// SQLite with Result: the only header through which it is used.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sonde {

// A prepared statement, used again and again. Thread-confined. Parameters and columns count from 0.
// Numbers are SQLite's signed 64 bits: larger ones come back as they went in.
class SqlStatement {
 public:
  // Begins anew, without parameters.
  void reset();
  void bind(int parameter, std::uint64_t value);
  void bind(int parameter, std::string_view value);
  // True: there is a row. False: done. errors: as Database::run().
  Result<bool> step();
  // reset(), then step() of a statement that has no rows.
  Result<void> run();

  [[nodiscard]] std::uint64_t number(int column) const;
  // Valid until the next step() or reset().
  [[nodiscard]] std::string_view text(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  explicit SqlStatement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// Thread-confined.
class Database {
 public:
  // Opens or creates a file; ":memory:" is none. Nothing of it is read yet. Symbolic links are
  // followed: its directory has to be one that nobody else writes to.
  // errors  kUnavailable
  static Result<Database> open(const std::string& path);

  // Runs statements without parameters.
  // errors  kDataLoss           the file is damaged, or no database
  //         kResourceExhausted  no space on the disk, or no memory
  //         kUnavailable        anything else the disk or another process does; text is SQLite's
  Result<void> run(const char* sql);
  Result<SqlStatement> prepare(const char* sql);
  // The number in the first column of the first row.
  Result<std::uint64_t> number(const char* sql);

 private:
  struct Close {
    void operator()(sqlite3* database) const noexcept;
  };
  explicit Database(sqlite3* database) : database_(database) {}
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace sonde
