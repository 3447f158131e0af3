#include <stdio.h>

#include <memory>
#include <string>

#include "absl/strings/str_format.h"
#include "common/base/clock.h"
#include "common/farm/task.h"
#include "coordinator/cli/command.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/job_reporter.h"
#include "coordinator/cli/jobs_client.h"
#include "coordinator/cli/shared_options.h"
#include "coordinator/cli/signal_watch.h"

namespace stereofarm {
namespace {

struct Arguments {
  FarmArguments farm;
  std::string job;
  OutputArguments output;
};

// The newest job that hasn't ended. NotFound when there is none.
absl::StatusOr<std::string> NewestActiveJob(JobsClient* client) {
  SF_ASSIGN_OR_RETURN(const v1::ListReply reply, client->List());
  const v1::JobStatus* newest = nullptr;
  for (const v1::JobStatus& job : reply.jobs()) {
    if (HasEnded(job)) continue;
    if (newest == nullptr || job.created_wall_micros() > newest->created_wall_micros()) {
      newest = &job;
    }
  }
  if (newest == nullptr) {
    return absl::NotFoundError("no job is running; name one that stereofarm jobs lists");
  }
  return newest->job();
}

int RunWatch(const Arguments& arguments) {
  EndOnInterrupt();
  const auto farm = FindFarm(arguments.farm);
  if (!farm.ok()) return Fail(kExitUsage, farm.status());
  JobsClient client(*farm);
  std::string job = arguments.job;
  if (job.empty()) {
    auto newest = NewestActiveJob(&client);
    if (!newest.ok()) return Fail(newest.status());
    job = *std::move(newest);
  }
  const auto reporter =
      NewJobReporter(ChooseReportMode(arguments.output.json, arguments.output.quiet));
  const auto last = client.Watch(job, [&](const v1::JobStatus& status) {
    reporter->Update(status, RealClock()->MonotonicMicros());
  });
  if (!last.ok()) return Fail(last.status());
  if (last->state() == JobStateName(JobState::kDone)) {
    const auto whole = client.GetStatus(job);
    reporter->Done(whole.ok() ? *whole : *last, RealClock()->MonotonicMicros());
    return kExitDone;
  }
  const std::string what = last->state() == JobStateName(JobState::kCancelled)
                               ? absl::StrFormat("job %s was cancelled", job)
                               : absl::StrFormat("job %s failed: %s", job, last->error());
  return Fail(kExitJobFailed, absl::InternalError(what));
}

}  // namespace

Command AddWatchCommand(CLI::App* program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program->add_subcommand("watch", "Show a job's progress until it ends");
  command->add_option("JOB", arguments->job, "The job's id; without it, the newest one that runs");
  AddFarmOptions(command, &arguments->farm);
  AddOutputOptions(command, &arguments->output, "One JSON object a line");
  command->footer("Ends with status 0 when the job is done, with 4 when it failed.");
  return {command, [arguments] { return RunWatch(*arguments); }};
}

}  // namespace stereofarm
