#include "coordinator/certs/certs_command.h"

#include <stdio.h>
#include <time.h>

#include <filesystem>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "coordinator/certs/certificate_folder.h"

namespace stereofarm {
namespace {

constexpr int kDone = 0;
constexpr int kUsage = 2;
constexpr int kBadInput = 3;

constexpr int kAuthorityDays = 3650;
constexpr int kCallerDays = 365;

struct Arguments {
  std::string tls;
  std::vector<std::string> hosts;
  std::string name;
  std::string role;
  std::string out;
  int authority_days = kAuthorityDays;
  int caller_days = kCallerDays;
};

std::string Day(int64_t micros) {
  const time_t seconds = static_cast<time_t>(micros / 1'000'000);
  tm parts = {};
  gmtime_r(&seconds, &parts);
  char text[32] = "";
  strftime(text, sizeof(text), "%Y-%m-%d", &parts);
  return text;
}

absl::Status Issue(CertificateFolder* folder, const Arguments& arguments) {
  SF_ASSIGN_OR_RETURN(const Role role, ParseRole(arguments.role));
  SF_ASSIGN_OR_RETURN(const IssuedRecord record,
                      folder->Issue(arguments.name, role, arguments.caller_days, arguments.out));
  printf("%s may %s until %s with --tls %s\n", record.name.c_str(), RoleName(role).c_str(),
         Day(record.end_micros).c_str(), arguments.out.c_str());
  return absl::OkStatus();
}

absl::Status List(const CertificateFolder& folder, Clock* clock) {
  SF_ASSIGN_OR_RETURN(const std::vector<IssuedRecord> records, folder.List());
  for (const IssuedRecord& record : records) {
    const bool ended = clock->WallMicros() >= record.end_micros;
    printf("%-24s %-8s until %s%s\n", record.name.c_str(), RoleName(record.role).c_str(),
           Day(record.end_micros).c_str(), record.revoked ? "  revoked" : (ended ? "  ended" : ""));
  }
  return absl::OkStatus();
}

}  // namespace

int RunCertsCommand(int argc, char** argv, Clock* clock, Random* random) {
  Arguments arguments;
  CLI::App program("Certificates and tokens of those who may call the farm",
                   "stereofarm-coordinator certs");
  program.require_subcommand(1);
  const auto add = [&](const char* name, const char* description) {
    CLI::App* command = program.add_subcommand(name, description);
    command->add_option("--tls", arguments.tls, "The coordinator's folder of certificates")
        ->required()
        ->type_name("DIR");
    return command;
  };
  const auto add_hosts = [&](CLI::App* command) {
    command
        ->add_option("--host", arguments.hosts,
                     "Names and IP addresses by which others call this machine")
        ->required()
        ->delimiter(',')
        ->type_name("NAME[,NAME]...");
    command->add_option("--days", arguments.authority_days, "How long they are valid")
        ->capture_default_str();
  };
  CLI::App* init = add("init", "Make the farm's authority and the coordinator's certificate");
  add_hosts(init);
  CLI::App* host = add("host", "Make the coordinator's certificate again, by the same authority");
  add_hosts(host);
  CLI::App* issue = add("issue", "Let a person or a machine in");
  issue->add_option("NAME", arguments.name, "Who: letters, digits, '.', '-' and '_'")->required();
  issue->add_option("--role", arguments.role, "What they may do")
      ->required()
      ->type_name("submit|operate|work");
  issue->add_option("--out", arguments.out, "New folder, to be handed over in secret")
      ->required()
      ->type_name("DIR2");
  issue->add_option("--days", arguments.caller_days, "How long it's valid")->capture_default_str();
  CLI::App* revoke = add("revoke", "Let somebody in no more, at once");
  revoke->add_option("NAME", arguments.name, "Who")->required();
  CLI::App* list = add("list", "List everybody who was let in");
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? kDone : kUsage;
  }
  CertificateFolder folder(std::filesystem::absolute(arguments.tls), clock, random);
  absl::Status status;
  if (init->parsed()) status = folder.Init(arguments.hosts, arguments.authority_days);
  if (host->parsed()) status = folder.SetHosts(arguments.hosts, arguments.authority_days);
  if (issue->parsed()) status = Issue(&folder, arguments);
  if (revoke->parsed()) status = folder.Revoke(arguments.name);
  if (list->parsed()) status = List(folder, clock);
  if (status.ok()) return kDone;
  fprintf(stderr, "stereofarm-coordinator: %s\n", std::string(status.message()).c_str());
  return kBadInput;
}

}  // namespace stereofarm
