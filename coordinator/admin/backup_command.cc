#include "coordinator/admin/backup_command.h"

#include <stdio.h>

#include <filesystem>
#include <string>

#include "CLI/CLI.hpp"
#include "coordinator/store/backup.h"
#include "coordinator/store/damage.h"

namespace stereofarm {

int RunBackupCommand(int argc, char** argv) {
  std::string file;
  std::string root;
  CLI::App command("Copies the farm's database to a new file; a coordinator may be at work on it",
                   "stereofarm-coordinator backup");
  command.add_option("FILE", file, "The file to write; it must not be there")->required();
  command.add_option("--root", root, "The coordinator's folder")->required()->type_name("DIR");
  try {
    command.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return command.exit(error) == 0 ? 0 : 2;
  }
  const absl::Status status =
      BackUpDatabase(std::filesystem::path(root) / kDatabaseFile, std::filesystem::path(file));
  if (!status.ok()) {
    fprintf(stderr, "stereofarm-coordinator: %s\n", std::string(status.message()).c_str());
    return 3;
  }
  printf("%s holds the farm of %s\n", file.c_str(), root.c_str());
  return 0;
}

}  // namespace stereofarm
