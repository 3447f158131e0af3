// Commands that ask a running farm one thing.
#include <stdio.h>

#include <functional>
#include <memory>
#include <string>

#include "coordinator/cli/command.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/job_json.h"
#include "coordinator/cli/job_text.h"
#include "coordinator/cli/jobs_client.h"
#include "coordinator/cli/shared_options.h"
#include "coordinator/cli/signal_watch.h"

namespace stereofarm {
namespace {

struct Arguments {
  std::string farm;
  std::string job;
  OutputArguments output;
};

void PrintText(const std::string& text) { fwrite(text.data(), 1, text.size(), stdout); }

// Connects and asks; `ask` prints the answer.
int AskFarm(const Arguments& arguments,
            const std::function<absl::Status(JobsClient*, const Arguments&)>& ask) {
  EndOnInterrupt();
  const auto address = FarmAddress(arguments.farm);
  if (!address.ok()) return Fail(kExitUsage, address.status());
  JobsClient client(*address);
  const absl::Status status = ask(&client, arguments);
  return status.ok() ? kExitDone : Fail(status);
}

Command AddFarmCommand(CLI::App* program, const std::string& name, const std::string& description,
                       bool takes_job,
                       std::function<absl::Status(JobsClient*, const Arguments&)> ask) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program->add_subcommand(name, description);
  if (takes_job) {
    command->add_option("JOB", arguments->job, "The job's id, as submit printed it")->required();
  }
  AddFarmOption(command, &arguments->farm);
  AddOutputOptions(command, &arguments->output, "The answer as JSON, one object a line");
  return {command, [arguments, ask = std::move(ask)] { return AskFarm(*arguments, ask); }};
}

// `cancel` and `retry`: no answer but that it's done.
std::function<absl::Status(JobsClient*, const Arguments&)> Order(
    absl::Status (JobsClient::*call)(const std::string&), const std::string& done) {
  return [call, done](JobsClient* client, const Arguments& arguments) {
    SF_RETURN_IF_ERROR((client->*call)(arguments.job));
    if (arguments.output.json) {
      SF_ASSIGN_OR_RETURN(const v1::JobStatus status, client->GetStatus(arguments.job));
      PrintText(StatusJson(status) + "\n");
    } else if (!arguments.output.quiet) {
      PrintText("job " + arguments.job + " " + done + "\n");
    }
    return absl::OkStatus();
  };
}

}  // namespace

Command AddJobsCommand(CLI::App* program) {
  return AddFarmCommand(program, "jobs", "List the farm's jobs", false,
                        [](JobsClient* client, const Arguments& arguments) -> absl::Status {
                          SF_ASSIGN_OR_RETURN(const v1::ListReply reply, client->List());
                          if (arguments.output.json) {
                            for (const v1::JobStatus& job : reply.jobs())
                              PrintText(StatusJson(job) + "\n");
                          } else if (!arguments.output.quiet) {
                            PrintText(JobsText(reply));
                          }
                          return absl::OkStatus();
                        });
}

Command AddStatusCommand(CLI::App* program) {
  return AddFarmCommand(
      program, "status", "Tell everything about one job: stages, tasks, shots, seams", true,
      [](JobsClient* client, const Arguments& arguments) -> absl::Status {
        SF_ASSIGN_OR_RETURN(const v1::JobStatus status, client->GetStatus(arguments.job));
        if (arguments.output.json) {
          PrintText(StatusJson(status) + "\n");
        } else if (!arguments.output.quiet) {
          PrintText(StatusText(status));
        }
        return absl::OkStatus();
      });
}

Command AddCancelCommand(CLI::App* program) {
  return AddFarmCommand(program, "cancel", "Stop a job; what is done of it stays", true,
                        Order(&JobsClient::Cancel, "is cancelled"));
}

Command AddRetryCommand(CLI::App* program) {
  return AddFarmCommand(program, "retry",
                        "Run what failed or was cancelled of a job again; what is done stays", true,
                        Order(&JobsClient::Retry, "runs again"));
}

Command AddWorkersCommand(CLI::App* program) {
  return AddFarmCommand(program, "workers", "List the farm's workers and what they do", false,
                        [](JobsClient* client, const Arguments& arguments) -> absl::Status {
                          SF_ASSIGN_OR_RETURN(const v1::ListWorkersReply reply,
                                              client->ListWorkers());
                          if (arguments.output.json) {
                            for (const v1::WorkerStatus& worker : reply.workers()) {
                              PrintText(WorkerJson(worker) + "\n");
                            }
                          } else if (!arguments.output.quiet) {
                            PrintText(WorkersText(reply));
                          }
                          return absl::OkStatus();
                        });
}

}  // namespace stereofarm
