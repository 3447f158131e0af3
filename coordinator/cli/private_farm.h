#ifndef STEREOFARM_COORDINATOR_CLI_PRIVATE_FARM_H_
#define STEREOFARM_COORDINATOR_CLI_PRIVATE_FARM_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/base/subprocess.h"

namespace stereofarm {

struct PrivateFarmOptions {
  std::filesystem::path programs;  // the folder of stereofarm-coordinator and stereofarm-worker
  std::filesystem::path work_dir;
  std::filesystem::path socket;
  std::vector<std::string> worker_devices;  // one worker each
  // The one that's made: unfinished jobs of the folder that write others stay as they are.
  std::string output;
};

// A coordinator and workers as children of this process, for one film. One that dies is started
// again, later each time; too often without progress in between is an error. Used by the main
// thread only (the children die with the thread that started them).
class PrivateFarm {
 public:
  explicit PrivateFarm(PrivateFarmOptions options, Clock* clock = RealClock());
  // Kills what still runs.
  ~PrivateFarm() = default;

  std::string address() const { return "unix:" + options_.socket.string(); }
  std::filesystem::path logs() const { return options_.work_dir / "logs"; }

  absl::Status StartCoordinator();
  absl::Status StartWorkers();
  // Starts again what died and is due. Internal when a child dies again and again; names its log.
  absl::Status Supervise();
  // Monotonic time at which Supervise has something to start, INT64_MAX for never.
  int64_t NextStart() const;
  // The job got on: deaths until now are forgiven.
  void NoteProgress();
  // SIGTERM to the workers, then to the coordinator (which takes back what they hand in); SIGKILL
  // for what is still there after a while, or as soon as `hurry` says so.
  void Stop(const std::function<bool()>& hurry);

 private:
  struct Child {
    std::string name;
    std::vector<std::string> args;
    std::vector<Subprocess> process;  // none or one
    int deaths = 0;                   // since the last progress
    int64_t start_at = 0;             // monotonic, while it isn't running
  };
  absl::Status Start(Child* child);
  std::filesystem::path LogOf(const Child& child) const;

  const PrivateFarmOptions options_;
  Clock* const clock_;
  std::vector<Child> children_;  // the coordinator first
};

// The devices for `workers` workers (0: as many as fit) on `device`: cpu, cuda:N or all.
// InvalidArgument names the option.
absl::StatusOr<std::vector<std::string>> WorkerDevices(const std::string& device, int workers);

// The last line of a text file that isn't empty; empty when there is none.
std::string LastLine(const std::filesystem::path& file);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_PRIVATE_FARM_H_
