#include "coordinator/cli/conversion.h"

#include <poll.h>
#include <stdio.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/clock.h"
#include "common/farm/task.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/job_follower.h"
#include "coordinator/cli/private_farm.h"
#include "coordinator/cli/work_dir.h"
#include "proto/conversions.h"

namespace stereofarm {
namespace {

constexpr int64_t kTickMicros = 500'000;

v1::SubmitRequest RequestFor(const Conversion& conversion) {
  v1::SubmitRequest request;
  *request.mutable_settings() = ToProto(conversion.settings);
  request.set_replace(conversion.replace);
  request.set_continue_existing(true);
  request.set_no_space_check(conversion.no_space_check);
  request.set_workers_to_come(static_cast<int>(conversion.worker_devices.size()));
  return request;
}

std::string OthersText(const std::vector<v1::JobStatus>& others) {
  std::vector<std::string> films;
  for (const v1::JobStatus& job : others) films.push_back(job.settings().outputs(0).file());
  return absl::StrFormat(
      "the folder of --work-dir holds the unfinished conversion to %s too, which stays as it is; "
      "run its own command again to go on with it",
      absl::StrJoin(films, " and to "));
}

// One run of a conversion: the farm's children, the job in it, and what happens to both.
class Run {
 public:
  Run(const Conversion& conversion, const WorkDir& dir, SignalWatch* signals, JobReporter* reporter)
      : conversion_(conversion),
        signals_(signals),
        reporter_(reporter),
        farm_({std::filesystem::read_symlink("/proc/self/exe").parent_path(), dir.path(),
               dir.socket(), conversion.worker_devices, conversion.settings.outputs.front().file}),
        client_(FarmPlace{farm_.address(), std::nullopt}, /*patient=*/true) {}

  // Returns the exit code; nothing is running any more then.
  int ToTheEnd() {
    std::optional<int> code;
    if (const absl::Status status = farm_.StartCoordinator(); !status.ok()) {
      return Fail(kExitFarm, status);
    }
    {
      JobFollower follower(&client_, RequestFor(conversion_));
      while (!code) {
        WaitForNews(follower);
        if (signals_->AskedToEnd()) {
          code = kExitInterrupted;
        } else if (const absl::Status status = farm_.Supervise(); !status.ok()) {
          code = Fail(job_.empty() ? kExitFarm : kExitJobFailed, status);
        } else {
          code = Handle(follower.Take());
        }
      }
    }
    farm_.Stop([this] { return signals_->AskedToEnd(); });
    return *code;
  }

  bool began() const { return !job_.empty(); }
  // The folder holds what other conversions need to go on.
  bool others_wait() const { return others_wait_; }
  std::filesystem::path logs() const { return farm_.logs(); }

 private:
  void WaitForNews(const JobFollower& follower) {
    const int64_t now = RealClock()->MonotonicMicros();
    const int64_t wait = std::clamp<int64_t>(farm_.NextStart() - now, 0, kTickMicros);
    pollfd events[] = {{signals_->fd(), POLLIN, 0}, {follower.fd(), POLLIN, 0}};
    if (poll(events, 2, static_cast<int>((wait + 999) / 1000)) == 0) {
      reporter_->Tick(RealClock()->MonotonicMicros());
    }
  }

  // The exit code, when this was the end.
  std::optional<int> Handle(const JobFollower::News& news) {
    if (news.submitted) {
      others_wait_ = !news.others.empty();
      if (others_wait_) reporter_->Warn(OthersText(news.others));
      if (news.submitted->already_done()) {
        reporter_->AlreadyDone(conversion_.settings.outputs.front().file);
        return kExitDone;
      }
      job_ = news.submitted->job();
      reporter_->Begun(*news.submitted);
      if (const absl::Status status = farm_.StartWorkers(); !status.ok()) {
        return Fail(kExitFarm, status);
      }
    }
    if (news.update) {
      // Results that count, not frames on the way to one: those are lost with a worker.
      const int results = news.update->tasks().run();
      if (std::exchange(results_, results) != results) farm_.NoteProgress();
      reporter_->Update(*news.update, RealClock()->MonotonicMicros());
    }
    if (!news.ended) return std::nullopt;
    if (!news.ended->ok()) return Fail(news.ended->status());
    const v1::JobStatus& status = **news.ended;
    if (status.state() == JobStateName(JobState::kDone)) {
      reporter_->Done(status, RealClock()->MonotonicMicros());
      return kExitDone;
    }
    return Fail(kExitJobFailed, absl::InternalError(status.error().empty() ? "the job was cancelled"
                                                                           : status.error()));
  }

  const Conversion& conversion_;
  SignalWatch* const signals_;
  JobReporter* const reporter_;
  PrivateFarm farm_;
  JobsClient client_;
  std::string job_;
  bool others_wait_ = false;
  int results_ = 0;
};

}  // namespace

int RunConversion(const Conversion& conversion, SignalWatch* signals, JobReporter* reporter) {
  auto dir = WorkDir::Open(conversion.work_dir);
  if (!dir.ok()) return Fail(kExitBadInput, dir.status());
  Run run(conversion, **dir, signals, reporter);
  const int code = run.ToTheEnd();
  const bool nothing_begun = (*dir)->is_new() && !run.began();
  const bool nothing_kept = !conversion.settings.keep && !run.others_wait();
  if ((code == kExitDone && nothing_kept) || nothing_begun) {
    if (const absl::Status status = (*dir)->Remove(); !status.ok()) {
      fprintf(stderr, "stereofarm: %s\n", std::string(status.message()).c_str());
    }
  } else if (conversion.can_go_on && code == kExitInterrupted) {
    fprintf(stderr, "stereofarm: interrupted; run the same command again to go on\n");
  } else if (conversion.can_go_on && code != kExitDone && code != kExitBadInput) {
    fprintf(stderr, "stereofarm: logs are in %s; run the same command again to go on\n",
            run.logs().c_str());
  }
  return code;
}

}  // namespace stereofarm
