// Commands that ask a running farm one thing.
#include <stdio.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/file_system.h"
#include "coordinator/cli/command.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/job_json.h"
#include "coordinator/cli/job_text.h"
#include "coordinator/cli/jobs_client.h"
#include "coordinator/cli/qc_page.h"
#include "coordinator/cli/shared_options.h"
#include "coordinator/cli/signal_watch.h"

namespace stereofarm {
namespace {

struct Arguments {
  FarmArguments farm;
  std::string job;
  std::string worker;
  std::optional<int> priority;
  bool now = false;
  std::string report;
  OutputArguments output;
};

void PrintText(const std::string& text) { fwrite(text.data(), 1, text.size(), stdout); }

// Connects and asks; `ask` prints the answer.
int AskFarm(const Arguments& arguments,
            const std::function<absl::Status(JobsClient*, const Arguments&)>& ask) {
  EndOnInterrupt();
  const auto farm = FindFarm(arguments.farm);
  if (!farm.ok()) return Fail(kExitUsage, farm.status());
  JobsClient client(*farm);
  const absl::Status status = ask(&client, arguments);
  return status.ok() ? kExitDone : Fail(status);
}

using Ask = std::function<absl::Status(JobsClient*, const Arguments&)>;
enum class About { kFarm, kJob, kWorker };

// `more`: options of this command alone.
Command AddFarmCommand(CLI::App* program, const std::string& name, const std::string& description,
                       About about, Ask ask,
                       const std::function<void(CLI::App*, Arguments*)>& more = nullptr) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program->add_subcommand(name, description);
  if (about == About::kJob) {
    command->add_option("JOB", arguments->job, "The job's id, as submit printed it")->required();
  } else if (about == About::kWorker) {
    command->add_option("WORKER", arguments->worker, "Its id or name, as workers lists them")
        ->required();
  }
  if (more) more(command, arguments.get());
  AddFarmOptions(command, &arguments->farm);
  AddOutputOptions(command, &arguments->output, "The answer as JSON, one object a line");
  return {command, [arguments, ask = std::move(ask)] { return AskFarm(*arguments, ask); }};
}

// After an order to a job: that it's done.
absl::Status Confirm(JobsClient* client, const Arguments& arguments, const std::string& done) {
  if (arguments.output.json) {
    SF_ASSIGN_OR_RETURN(const v1::JobStatus status, client->GetStatus(arguments.job));
    PrintText(StatusJson(status) + "\n");
  } else if (!arguments.output.quiet) {
    PrintText("job " + arguments.job + " " + done + "\n");
  }
  return absl::OkStatus();
}

Ask Order(absl::Status (JobsClient::*call)(const std::string&), const std::string& done) {
  return [call, done](JobsClient* client, const Arguments& arguments) {
    SF_RETURN_IF_ERROR((client->*call)(arguments.job));
    return Confirm(client, arguments, done);
  };
}

// After an order to a worker.
absl::Status ConfirmWorker(JobsClient* client, const Arguments& arguments,
                           const std::string& done) {
  if (arguments.output.json) {
    SF_ASSIGN_OR_RETURN(const v1::ListWorkersReply reply, client->ListWorkers());
    for (const v1::WorkerStatus& worker : reply.workers()) {
      if (worker.worker() != arguments.worker && worker.name() != arguments.worker) continue;
      PrintText(WorkerJson(worker) + "\n");
    }
  } else if (!arguments.output.quiet) {
    PrintText("worker " + arguments.worker + " " + done + "\n");
  }
  return absl::OkStatus();
}

}  // namespace

Command AddJobsCommand(CLI::App* program) {
  return AddFarmCommand(program, "jobs", "List the farm's jobs", About::kFarm,
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
      program, "status", "Tell everything about one job: stages, tasks, shots, seams", About::kJob,
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

Command AddReportCommand(CLI::App* program) {
  return AddFarmCommand(
      program, "report", "Write a page about the quality of a job's depth, as one HTML file",
      About::kJob,
      [](JobsClient* client, const Arguments& arguments) -> absl::Status {
        SF_ASSIGN_OR_RETURN(const v1::JobStatus status, client->GetStatus(arguments.job));
        SF_RETURN_IF_ERROR(WriteFileAtomically(arguments.report, QcPage(status)));
        if (arguments.output.json) {
          PrintText(StatusJson(status) + "\n");
        } else if (!arguments.output.quiet) {
          PrintText("the report of job " + arguments.job + " is in " + arguments.report + "\n");
        }
        return absl::OkStatus();
      },
      [](CLI::App* command, Arguments* arguments) {
        command
            ->add_option("-o,--output", arguments->report,
                         "The file to write; one that is there is replaced")
            ->type_name("FILE")
            ->required();
      });
}

Command AddCancelCommand(CLI::App* program) {
  return AddFarmCommand(program, "cancel", "Stop a job; what is done of it stays", About::kJob,
                        Order(&JobsClient::Cancel, "is cancelled"));
}

Command AddRetryCommand(CLI::App* program) {
  return AddFarmCommand(program, "retry",
                        "Run what failed or was cancelled of a job again; what is done stays",
                        About::kJob, Order(&JobsClient::Retry, "runs again"));
}

Command AddPauseCommand(CLI::App* program) {
  return AddFarmCommand(program, "pause", "Hand out none of a job's tasks until resume",
                        About::kJob, Order(&JobsClient::Pause, "is paused"));
}

Command AddResumeCommand(CLI::App* program) {
  return AddFarmCommand(program, "resume", "Go on with a paused job", About::kJob,
                        Order(&JobsClient::Resume, "goes on"));
}

Command AddPriorityCommand(CLI::App* program) {
  return AddFarmCommand(
      program, "priority", "Tell or set a job's priority: higher goes first", About::kJob,
      [](JobsClient* client, const Arguments& arguments) -> absl::Status {
        if (!arguments.priority) {
          SF_ASSIGN_OR_RETURN(const v1::JobStatus status, client->GetStatus(arguments.job));
          PrintText(arguments.output.json ? StatusJson(status) + "\n"
                                          : std::to_string(status.priority()) + "\n");
          return absl::OkStatus();
        }
        SF_RETURN_IF_ERROR(client->SetPriority(arguments.job, *arguments.priority));
        return Confirm(client, arguments, "has priority " + std::to_string(*arguments.priority));
      },
      [](CLI::App* command, Arguments* arguments) {
        command->add_option("N", arguments->priority, "-1000 to 1000; 0 as a rule");
      });
}

Command AddDrainCommand(CLI::App* program) {
  return AddFarmCommand(
      program, "drain", "Give a worker no more tasks; it finishes the one it has", About::kWorker,
      [](JobsClient* client, const Arguments& arguments) -> absl::Status {
        SF_RETURN_IF_ERROR(client->Drain(arguments.worker, arguments.now));
        return ConfirmWorker(client, arguments, "gets no more tasks");
      },
      [](CLI::App* command, Arguments* arguments) {
        command->add_flag("--now", arguments->now, "It hands its task back instead");
      });
}

Command AddResumeWorkerCommand(CLI::App* program) {
  return AddFarmCommand(program, "resume-worker",
                        "Give a worker tasks again that was drained or put aside", About::kWorker,
                        [](JobsClient* client, const Arguments& arguments) -> absl::Status {
                          SF_RETURN_IF_ERROR(client->ResumeWorker(arguments.worker));
                          return ConfirmWorker(client, arguments, "gets tasks again");
                        });
}

Command AddWorkersCommand(CLI::App* program) {
  return AddFarmCommand(
      program, "workers", "List the farm's workers and what they do", About::kFarm,
      [](JobsClient* client, const Arguments& arguments) -> absl::Status {
        SF_ASSIGN_OR_RETURN(const v1::ListWorkersReply reply, client->ListWorkers());
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
