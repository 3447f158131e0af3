#ifndef STEREOFARM_TESTS_SIM_WORLD_H_
#define STEREOFARM_TESTS_SIM_WORLD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "common/base/hash.h"
#include "common/base/random.h"

namespace stereofarm {

inline constexpr int64_t kMillisecond = 1'000;
inline constexpr int64_t kSecond = 1'000'000;

// Bugs that can be planted, to show that the simulator finds them.
enum class Plant {
  kNone,
  // A result is taken for the task's present lease, whoever's it is.
  kEpochCheckOff,
  // committed.pb is written without a look at the files that it names.
  kManifestBeforeFile,
  // A result is acknowledged first and written down a little later.
  kReportNotPersisted,
  // A worker is told that its lease lasts longer than the coordinator waits.
  kLeaseToldTooLong,
  // Now and then work for the background is forgotten.
  kChoreForgotten,
};
std::optional<Plant> ParsePlant(const std::string& name);
// "epoch-check-off, ..."
std::string PlantNames();

struct Violation {
  std::string invariant;
  std::string detail;
};

// What one seed decides: chance, time, what is to happen when, and what has happened. Everything
// runs on one thread, so the same seed gives the same run.
class World {
 public:
  World(uint64_t seed, bool verbose);

  // ---- chance
  bool Chance(double probability);
  int64_t Between(int64_t low, int64_t high);  // both included
  template <typename T>
  const T& Pick(const std::vector<T>& items) {
    return items[static_cast<size_t>(Between(0, static_cast<int64_t>(items.size()) - 1))];
  }

  // ---- time, in microseconds from 0
  int64_t now() const { return now_; }
  void After(int64_t delay, std::function<void()> event);
  // Runs the next event that isn't later than `until`; false: there's none, and it's `until` now.
  bool RunNext(int64_t until);

  // ---- faults
  // Whether a fault of this kind happens now; counts it. Never once faults are over.
  bool Fault(const std::string& kind, double probability);
  void CountFault(const std::string& kind) { ++faults_[kind]; }
  void EndFaults() { faults_over_ = true; }
  bool faults_over() const { return faults_over_; }
  const std::map<std::string, int64_t>& faults() const { return faults_; }

  // ---- what happened
  void Log(const std::string& line);
  // A text that differs from run to run and is left out of the log.
  void LeaveOut(const std::string& text) { left_out_ = text; }
  // Only the first counts.
  void Break(const std::string& invariant, const std::string& detail);
  const std::optional<Violation>& broken() const { return broken_; }
  int64_t events() const { return events_; }
  std::string Digest() { return digest_.Finish(); }

 private:
  struct Event {
    int64_t time = 0;
    int64_t number = 0;  // in the order in which they were asked for
    std::function<void()> run;
    bool operator<(const Event& other) const {
      return time != other.time ? time > other.time : number > other.number;
    }
  };

  const bool verbose_;
  std::unique_ptr<Random> random_;
  int64_t now_ = 0;
  int64_t next_number_ = 0;
  std::priority_queue<Event> queue_;
  bool faults_over_ = false;
  std::map<std::string, double> rates_;  // of kinds of faults, drawn when first asked for
  std::map<std::string, int64_t> faults_;
  std::optional<Violation> broken_;
  int64_t events_ = 0;
  std::string left_out_;
  Sha256 digest_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_SIM_WORLD_H_
