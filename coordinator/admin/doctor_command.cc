#include "coordinator/admin/doctor_command.h"

#include <stdio.h>

#include <filesystem>
#include <string>

#include "CLI/CLI.hpp"
#include "common/base/clock.h"
#include "coordinator/admin/doctor.h"
#include "coordinator/admin/root_lock.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

enum ExitCode { kSound = 0, kFindings = 1, kUsage = 2, kBadInput = 3, kInUse = 5 };

int Report(ExitCode code, const absl::Status& status) {
  fprintf(stderr, "stereofarm-coordinator: %s\n", std::string(status.message()).c_str());
  return code;
}

}  // namespace

int RunDoctorCommand(int argc, char** argv) {
  DoctorOrder order;
  std::string root;
  std::string store;
  CLI::App command(
      "Compares the farm's database with what lies in its store, while no coordinator runs",
      "stereofarm-coordinator doctor");
  command.add_option("--root", root, "The coordinator's folder")->required()->type_name("DIR");
  command.add_option("--store", store, "The store, where it isn't ROOT/store")->type_name("DIR");
  command.add_flag("--repair", order.repair,
                   "Mend what is found; a database that is lost is made again\nfrom the store");
  command.add_flag("--hash", order.hash, "Read every committed file and compare its hash");
  try {
    command.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return command.exit(error) == 0 ? kSound : kUsage;
  }
  order.root = fs::absolute(root).lexically_normal();
  order.store = store.empty() ? order.root / "store" : fs::absolute(store).lexically_normal();
  std::error_code error;
  if (!fs::is_directory(order.root, error)) {
    return Report(kBadInput, absl::NotFoundError("there is no folder " + order.root.string() +
                                                 "; name the coordinator's with --root"));
  }
  RootLock lock(RealClock());
  if (absl::Status status = lock.Take(order.root, /*patience_micros=*/0); !status.ok()) {
    if (!absl::IsUnavailable(status)) return Report(kBadInput, status);
    return Report(kInUse,
                  absl::UnavailableError("a stereofarm-coordinator is at work on " +
                                         order.root.string() + "; stop it and run doctor again"));
  }
  const absl::StatusOr<Diagnosis> diagnosis = ExamineFarm(order);
  if (!diagnosis.ok()) return Report(kBadInput, diagnosis.status());
  for (const std::string& finding : diagnosis->findings) printf("%s\n", finding.c_str());
  const char* verdict = "sound";
  if (!diagnosis->findings.empty()) {
    verdict = order.repair ? "repaired" : "not sound; doctor --repair mends it";
  }
  printf("%d jobs, %d committed results, %zu findings: %s\n", diagnosis->jobs, diagnosis->results,
         diagnosis->findings.size(), verdict);
  return diagnosis->findings.empty() || order.repair ? kSound : kFindings;
}

}  // namespace stereofarm
