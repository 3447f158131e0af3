#ifndef STEREOFARM_TESTS_SIM_MORTAL_H_
#define STEREOFARM_TESTS_SIM_MORTAL_H_

#include <cstdint>
#include <cstring>

#include "absl/status/status.h"

namespace stereofarm {

// A process that may die between any two of its steps (SQL statements, file operations): from then
// on every step fails and changes nothing. Errors that it still gives reach nobody.
class Mortal {
 public:
  // The next step; Unavailable: it died before it.
  absl::Status Step() {
    if (watched_) return absl::OkStatus();
    if (!dead_ && armed_ && left_-- <= 0) dead_ = true;
    if (dead_) return absl::UnavailableError("the process is dead");
    return absl::OkStatus();
  }
  // It dies after `steps` more steps.
  void Arm(int64_t steps) {
    armed_ = true;
    left_ = steps;
  }
  void Die() { dead_ = true; }
  void Revive() { dead_ = armed_ = false; }
  bool dead() const { return dead_; }
  // One that may have changed the database.
  absl::Status Statement(const char* sql) {
    const absl::Status status = Step();
    if (status.ok() && !watched_ && std::strcmp(sql, "COMMIT") == 0) ++commits_;
    return status;
  }
  int64_t commits() const { return commits_; }

  // While one lives, steps are those of somebody who looks on: they succeed and don't count.
  class Watch {
   public:
    explicit Watch(Mortal* mortal) : mortal_(mortal), before_(mortal->watched_) {
      mortal_->watched_ = true;
    }
    ~Watch() { mortal_->watched_ = before_; }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    Mortal* const mortal_;
    const bool before_;
  };

 private:
  bool dead_ = false;
  bool armed_ = false;
  bool watched_ = false;
  int64_t left_ = 0;
  int64_t commits_ = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_SIM_MORTAL_H_
