#ifndef STEREOFARM_COORDINATOR_CLI_TEXT_TABLE_H_
#define STEREOFARM_COORDINATOR_CLI_TEXT_TABLE_H_

#include <string>
#include <vector>

namespace stereofarm {

// Rows as lines with aligned columns, two spaces between; the first row holds the headings.
std::string TextTable(const std::vector<std::vector<std::string>>& rows);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_TEXT_TABLE_H_
