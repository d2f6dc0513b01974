// Tests ask servers of their own, and names that do not exist: past whatever proxy the machine has.
process.env.no_proxy = "*";
process.env.NO_PROXY = "*";
