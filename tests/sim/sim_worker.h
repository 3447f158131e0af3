#ifndef STEREOFARM_TESTS_SIM_SIM_WORKER_H_
#define STEREOFARM_TESTS_SIM_SIM_WORKER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/farm/task.h"
#include "coordinator/store/records.h"
#include "tests/sim/sim_coordinator.h"
#include "tests/sim/world.h"

namespace stereofarm {

// A worker process that goes about its tasks as worker/agent does: renews its lease and counts it
// from before the question, stops when it can't, keeps a report until there's an answer. Its calls
// get lost, come late or twice; it's slow, stands still for a while, dies, or goes on with a task
// that it has lost.
class SimWorker {
 public:
  SimWorker(World* world, SimCoordinator* farm, std::string id, std::string numeric_class);

  void Start();
  // Gone without a word.
  void Die() { alive_ = false; }
  // Says goodbye and ends.
  void Leave();
  // None of its calls comes through until then / it does nothing at all until then.
  void CutOff(int64_t until) { cut_off_until_ = until; }
  void StandStill(int64_t until) { still_until_ = until; }

  const std::string& id() const { return id_; }
  bool alive() const { return alive_; }
  // Thinks that this lease of its is running, by its own count.
  bool Believes(const std::string& lease_id) const;

 private:
  // One lease while it has it.
  struct Attempt {
    TaskLease lease;
    AttemptRef ref;
    int64_t give_up = 0;  // it isn't begun without a first renewal until then
    bool begun = false;
    int64_t deadline = 0;  // by its own count, once begun
    bool done = false;     // the work is over one way or the other
    bool may_join_again = true;
    bool stuck = false;
    int64_t frames = 0;        // as it tells the coordinator
    std::string damaged_task;  // an input that it couldn't use
  };
  using AttemptPtr = std::shared_ptr<Attempt>;
  // What the coordinator does with a call; nullopt: the process that was asked is gone.
  using Respond = std::function<void(const std::optional<absl::Status>&)>;
  using Call = std::function<void(const Respond&)>;
  using Answer = std::function<void(const absl::Status&)>;

  // Lets the worker do something later, if it still lives then and doesn't stand still.
  void After(int64_t delay, std::function<void()> event);
  // Sends a call through the network; Unavailable or DeadlineExceeded when there's no answer.
  // `again`: it may come in once more, much later.
  void Send(const std::string& name, bool again, Call call, Answer answer);
  int64_t Latency();

  void Register(std::function<void()> then);
  void Poll();
  void Begin(const TaskLease& lease);
  void Renew(const AttemptPtr& attempt);
  void WatchDeadline(const AttemptPtr& attempt);
  void ReadInputs(const AttemptPtr& attempt);
  void Finish(const AttemptPtr& attempt);
  void Lose(const AttemptPtr& attempt);
  // Until there's an answer, and then the next task. `accepted`: it was taken.
  void Report(const std::string& name, Call call, std::function<void()> accepted = nullptr,
              bool may_join = true);
  Call CompleteCall(const AttemptRef& ref, const Manifest& manifest);
  Call FailCall(const AttemptRef& ref, FailureClass failure, const std::string& damaged_task);
  Manifest MakeFiles(const TaskLease& lease);

  World* const world_;
  SimCoordinator* const farm_;
  const std::string id_;
  const std::string numeric_class_;
  const double slowness_;
  const bool broken_;
  bool alive_ = false;
  int64_t cut_off_until_ = 0;
  int64_t still_until_ = 0;
  AttemptPtr attempt_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_SIM_SIM_WORKER_H_
