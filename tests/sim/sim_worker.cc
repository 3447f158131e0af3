#include "tests/sim/sim_worker.h"

#include <algorithm>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/artifacts/manifest.h"
#include "common/base/file_system.h"
#include "common/base/log.h"
#include "proto/records.h"
#include "tests/sim/sim_films.h"
#include "tests/unit/coordinator/fake_worker.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

// As worker/agent has them.
constexpr int64_t kTimeout = 5 * kSecond;
constexpr int64_t kRenewalsPerLease = 6;
constexpr char kLease[] = "lease";

int64_t SafetyMargin(int64_t lease) { return std::min<int64_t>(lease / 5, 3 * kSecond); }

bool IsPassing(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsAborted(status);
}

bool IsLost(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsNotFound(status);
}

}  // namespace

SimWorker::SimWorker(World* world, SimCoordinator* farm, std::string id, std::string numeric_class)
    : world_(world),
      farm_(farm),
      id_(std::move(id)),
      numeric_class_(std::move(numeric_class)),
      slowness_(world->Fault("slow worker", 0.1) ? 20 : 1),
      broken_(world->Fault("worker that fails whatever it does", 0.03)) {}

bool SimWorker::Believes(const std::string& lease_id) const {
  return alive_ && attempt_ != nullptr && !attempt_->done && attempt_->ref.lease_id == lease_id &&
         world_->now() < attempt_->deadline;
}

void SimWorker::After(int64_t delay, std::function<void()> event) {
  world_->After(delay, [this, event = std::move(event)]() mutable {
    if (!alive_) return;
    if (world_->now() < still_until_) return After(still_until_ - world_->now(), std::move(event));
    event();
  });
}

int64_t SimWorker::Latency() {
  return world_->Fault("late message", 0.03) ? world_->Between(kSecond, 40 * kSecond)
                                             : world_->Between(1, 30) * kMillisecond;
}

void SimWorker::Send(const std::string& name, bool again, Call call, Answer answer) {
  const auto answered = std::make_shared<bool>(false);
  const auto reply = [this, name, answered, answer = std::move(answer)](int64_t delay,
                                                                        absl::Status status) {
    After(delay, [this, name, answered, answer, status = std::move(status)] {
      if (std::exchange(*answered, true)) return;
      world_->Log(absl::StrFormat("%s %s: %s", id_, name, absl::StatusCodeToString(status.code())));
      answer(status);
    });
  };
  // A call for a task may wait for one; its connection breaks when it gets lost.
  const bool waits = name == kLease;
  if (!waits) reply(kTimeout, absl::DeadlineExceededError("no answer"));
  const auto lost = [waits, reply] {
    if (waits) reply(kTimeout, absl::UnavailableError("no answer"));
  };
  if (again && world_->Fault("repeated call", 0.05)) {
    // Whether the sender still lives then or not.
    world_->After(world_->Between(0, 120 * kSecond),
                  [call] { call([](const std::optional<absl::Status>&) {}); });
  }
  if (world_->now() < cut_off_until_) {
    world_->CountFault("call into a partition");
    return lost();
  }
  if (world_->Fault("lost call", 0.03)) return lost();
  world_->After(Latency(), [this, call = std::move(call), reply, lost] {
    call([this, reply, lost](const std::optional<absl::Status>& status) {
      if (!status) {
        reply(Latency(), absl::UnavailableError("the coordinator is gone"));
      } else if (world_->now() < cut_off_until_ || world_->Fault("lost answer", 0.03)) {
        lost();
      } else {
        reply(Latency(), *status);
      }
    });
  });
}

void SimWorker::Start() {
  alive_ = true;
  Register([this] { Poll(); });
}

void SimWorker::Leave() {
  const AttemptPtr attempt = attempt_;
  attempt_ = nullptr;
  farm_->Do("leave", [&](JobEngine* engine) {
    if (attempt && !attempt->done && world_->Chance(0.5)) {
      engine->HandBack(id_, attempt->ref).IgnoreError();
    }
    engine->Leave(id_).IgnoreError();
  });
  alive_ = false;
}

void SimWorker::Register(std::function<void()> then) {
  const WorkerRecord self = FakeWorker(id_, numeric_class_, farm_->folder()).Record();
  Send(
      "register", false,
      [this, self](const Respond& respond) {
        absl::Status status;
        const bool there =
            farm_->Do("register", [&](JobEngine* engine) { status = engine->Register(self); });
        respond(there ? std::optional(status) : std::nullopt);
      },
      [this, then = std::move(then)](const absl::Status& status) {
        if (status.ok()) return then();
        After(world_->Between(1, 3) * kSecond, [this, then] { Register(then); });
      });
}

void SimWorker::Poll() {
  const auto lease = std::make_shared<std::optional<TaskLease>>();
  Send(
      kLease, false,
      [this, lease](const Respond& respond) {
        farm_->Lease(id_, [lease, respond](auto got) {
          if (!got) return respond(std::nullopt);
          if (got->ok()) *lease = **got;
          respond(got->status());
        });
      },
      [this, lease](const absl::Status& status) {
        if (status.ok() && lease->has_value()) return Begin(**lease);
        if (status.ok()) return Poll();
        if (absl::IsNotFound(status)) return Register([this] { Poll(); });
        After(world_->Between(1, 3) * kSecond, [this] { Poll(); });
      });
}

void SimWorker::Begin(const TaskLease& lease) {
  attempt_ = std::make_shared<Attempt>();
  attempt_->lease = lease;
  attempt_->ref = AttemptOf(lease);
  attempt_->give_up = world_->now() + lease.lease_micros;
  WatchDeadline(attempt_);
  Renew(attempt_);
}

void SimWorker::WatchDeadline(const AttemptPtr& attempt) {
  const int64_t end = attempt->begun ? attempt->deadline : attempt->give_up;
  const int64_t last_moment = end - SafetyMargin(attempt->lease.lease_micros);
  After(last_moment - world_->now(), [this, attempt, end] {
    if (attempt->done) return;
    const int64_t now_end = attempt->begun ? attempt->deadline : attempt->give_up;
    if (now_end != end) return WatchDeadline(attempt);
    Lose(attempt);
  });
}

void SimWorker::Renew(const AttemptPtr& attempt) {
  if (attempt->done) return;
  const int64_t asked = world_->now();
  const auto micros = std::make_shared<int64_t>(0);
  Send(
      "renew", true,
      [this, ref = attempt->ref, frames = attempt->frames, micros](const Respond& respond) {
        const std::optional<absl::StatusOr<int64_t>> renewed = farm_->Renew(id_, ref, frames);
        if (renewed && renewed->ok()) *micros = **renewed;
        respond(renewed ? std::optional(renewed->status()) : std::nullopt);
      },
      [this, attempt, asked, micros](const absl::Status& status) {
        if (attempt->done) return;
        int64_t next = world_->Between(500, 3000) * kMillisecond;
        if (status.ok()) {
          // Counted from before the call: the coordinator can't have begun to count earlier.
          attempt->deadline = asked + *micros;
          attempt->may_join_again = true;
          if (!attempt->stuck) ++attempt->frames;
          next = attempt->lease.lease_micros / kRenewalsPerLease;
          if (!std::exchange(attempt->begun, true)) ReadInputs(attempt);
        } else if (absl::IsNotFound(status) && std::exchange(attempt->may_join_again, false)) {
          return Register([this, attempt] { Renew(attempt); });
        } else if (IsLost(status)) {
          return Lose(attempt);
        }
        After(next, [this, attempt] { Renew(attempt); });
      });
}

void SimWorker::ReadInputs(const AttemptPtr& attempt) {
  const TaskSpec& spec = attempt->lease.spec;
  std::vector<std::pair<std::string, std::string>> inputs;
  for (const DepthSource& depth : spec.depth) inputs.push_back({depth.task, depth.directory});
  if (!spec.warp_task.empty()) inputs.push_back({spec.warp_task, spec.warp_directory});
  if (!spec.inpaint_task.empty()) inputs.push_back({spec.inpaint_task, spec.inpaint_directory});
  for (const auto& [task, directory] : inputs) {
    farm_->auditor().OnRead(directory, /*whole=*/true);
    const fs::path folder = farm_->folder() / directory;
    const absl::StatusOr<Manifest> manifest = ReadManifest(folder / kCommittedFile);
    if (!manifest.ok() || !CheckFiles(folder, *manifest).ok()) attempt->damaged_task = task;
  }
  int64_t work =
      static_cast<int64_t>(static_cast<double>(world_->Between(1, 20)) * slowness_) * kSecond / 2;
  if (world_->Fault("slow task", 0.03)) work += 100 * kSecond;
  // It renews its lease, but nothing comes of it.
  attempt->stuck = world_->Fault("stuck task", 0.01);
  if (attempt->stuck) return;
  After(work, [this, attempt] { Finish(attempt); });
}

Manifest SimWorker::MakeFiles(const TaskLease& lease) {
  const SimFilm film = ParseSimFilm(lease.spec.settings.input);
  FakeWorker worker(id_, numeric_class_, farm_->folder(), film.cuts);
  // Some shards fit with more overlap, some never.
  worker.UseRoughDepth([](const TaskSpec& spec) {
    const Shard& shard = spec.shard;
    const bool is_widened = shard.full != shard.core.Grow(spec.settings.overlap, shard.shot);
    return shard.core.begin % 2 == 0 && !(is_widened && shard.core.begin % 4 == 0);
  });
  // Depth jumps at cuts, and not alike where another class of workers makes it again.
  const int64_t period = 2 + numeric_class_.back() % 3;
  worker.UseDepth([period](int64_t frame, float slope) {
    return 0.3f * slope + 0.3f * static_cast<float>(frame % period);
  });
  return worker.Do(lease, /*sign=*/true);
}

SimWorker::Call SimWorker::CompleteCall(const AttemptRef& ref, const Manifest& manifest) {
  farm_->auditor().OnResultSent(ref.lease_id);
  return [this, ref, manifest](const Respond& respond) {
    farm_->Complete(id_, ref, manifest, respond);
  };
}

SimWorker::Call SimWorker::FailCall(const AttemptRef& ref, FailureClass failure,
                                    const std::string& damaged_task) {
  return [this, ref, failure, damaged_task](const Respond& respond) {
    absl::Status status;
    const bool there = farm_->Do("fail", [&](JobEngine* engine) {
      status = engine->Fail(id_, ref, failure, "it went wrong", damaged_task);
    });
    respond(there ? std::optional(status) : std::nullopt);
  };
}

void SimWorker::Finish(const AttemptPtr& attempt) {
  if (attempt->done) return;
  attempt->done = true;
  if (!attempt->damaged_task.empty()) {
    return Report("fail",
                  FailCall(attempt->ref, FailureClass::kInputDamaged, attempt->damaged_task));
  }
  std::optional<FailureClass> failure;
  std::string damaged;
  if (world_->Fault("retryable failure", 0.01)) failure = FailureClass::kRetryable;
  if (world_->Fault("storage away", 0.01)) failure = FailureClass::kStorageAway;
  if (world_->Fault("disk full", 0.01)) failure = FailureClass::kStorageFull;
  if (world_->Fault("out of device memory", 0.01)) failure = FailureClass::kDeviceMemory;
  if (broken_ && !world_->faults_over()) failure = FailureClass::kRetryable;
  if (world_->Fault("permanent failure", 0.001)) failure = FailureClass::kPermanent;
  if (!attempt->lease.spec.depth.empty() && world_->Fault("input called damaged", 0.01)) {
    failure = FailureClass::kInputDamaged;
    damaged = attempt->lease.spec.depth.front().task;
  }
  if (failure) return Report("fail", FailCall(attempt->ref, *failure, damaged));

  const Manifest manifest = MakeFiles(attempt->lease);
  const fs::path folder = farm_->folder() / attempt->lease.attempt_directory;
  if (world_->Fault("result spoilt before its report", 0.02)) {
    const fs::path file = folder / world_->Pick(manifest.files).name;
    std::error_code error;
    if (world_->Chance(0.5)) {
      fs::remove(file, error);
    } else {
      std::ofstream(file) << "spoilt";
    }
  }
  Report("complete", CompleteCall(attempt->ref, manifest),
         [this, attempt] { farm_->auditor().OnAcknowledged(attempt->ref); });
}

void SimWorker::Lose(const AttemptPtr& attempt) {
  attempt->done = true;
  world_->Log(id_ + " loses " + attempt->lease.spec.task);
  if (world_->Fault("zombie", 0.3)) {
    // It doesn't notice: writes and reports long after.
    world_->After(world_->Between(0, 100 * kSecond), [this, attempt] {
      const Manifest manifest = MakeFiles(attempt->lease);
      const Call call = CompleteCall(attempt->ref, manifest);
      call([this, ref = attempt->ref](const std::optional<absl::Status>& status) {
        if (status && status->ok()) farm_->auditor().OnAcknowledged(ref);
      });
    });
  } else if (world_->Chance(0.7)) {
    const absl::Status ignored = RemoveTree(farm_->folder() / attempt->lease.attempt_directory);
    SF_CHECK(ignored.ok());
  }
  attempt_ = nullptr;
  Poll();
}

void SimWorker::Report(const std::string& name, Call call, std::function<void()> accepted,
                       bool may_join) {
  Send(name, true, call,
       [this, name, call, accepted = std::move(accepted), may_join](const absl::Status& status) {
         if (absl::IsNotFound(status) && may_join) {
           return Register([this, name, call, accepted] { Report(name, call, accepted, false); });
         }
         if (IsPassing(status)) {
           return After(
               world_->Between(100, 5000) * kMillisecond,
               [this, name, call, accepted, may_join] { Report(name, call, accepted, may_join); });
         }
         if (status.ok() && accepted) accepted();
         const AttemptPtr attempt = std::exchange(attempt_, nullptr);
         if (name == "complete" && !status.ok() && !IsLost(status)) {
           return Report("fail", FailCall(attempt->ref, FailureClass::kRetryable, ""));
         }
         Poll();
       });
}

}  // namespace stereofarm
