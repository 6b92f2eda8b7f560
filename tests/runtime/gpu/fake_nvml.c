/* A libnvidia-ml.so.1 that plays a trace through NVIDIA's own interface (nvml.h), one board, one line a look:

     PERCENT USED_MB ENERGY_MJ POWER_MW SM_PERCENT ON XID

   ON: whether the process whose pid stands in the file `pid` holds the board; SM_PERCENT -1: told for no process;
   PERCENT -1: the call hangs; -2: the board is lost. XID 0: no error. The last line goes on. `trace` and `pid` lie
   beside this library. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct { unsigned pid; unsigned long long memory; unsigned gi, ci; } process_t;
typedef struct { unsigned pid; unsigned long long at; unsigned sm, mem, enc, dec; } utilization_t;
typedef struct { void *device; unsigned long long type, data; unsigned gi, ci; } event_t;
enum { OK = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, TIMEOUT = 10, LOST = 15, XID_EVENT = 8 };

static int look, told;
static struct { int percent, used, sm, on, xid; long energy, power; } now;

static FILE *beside(const char *name) {
    Dl_info info;
    char path[4096];
    dladdr((void *)beside, &info);
    snprintf(path, sizeof path, "%.*s/%s", (int)(strrchr(info.dli_fname, '/') - info.dli_fname), info.dli_fname, name);
    return fopen(path, "r");
}
static void turn(void) {
    FILE *trace = beside("trace");
    char line[256];
    for (int n = 0; trace && n <= look && fgets(line, sizeof line, trace); n++)
        sscanf(line, "%d %d %ld %ld %d %d %d", &now.percent, &now.used, &now.energy, &now.power, &now.sm, &now.on,
               &now.xid);
    if (trace) fclose(trace);
}
static unsigned holder(void) {
    unsigned pid = 0;
    FILE *file = beside("pid");
    if (file && now.on) (void)!fscanf(file, "%u", &pid);
    if (file) fclose(file);
    return pid;
}
int nvmlInitWithFlags(unsigned flags) { (void)flags; turn(); return OK; }
int nvmlShutdown(void) { return OK; }
int nvmlSystemGetDriverVersion(char *text, unsigned n) { snprintf(text, n, "999.0"); return OK; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 1; return OK; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device) { *device = &look; return i ? NOT_FOUND : OK; }
int nvmlDeviceGetIndex(void *device, unsigned *index) { (void)device; *index = 0; return OK; }
int nvmlDeviceGetName(void *d, char *text, unsigned n) { (void)d; snprintf(text, n, "Played GPU"); return OK; }
int nvmlDeviceGetUUID(void *d, char *text, unsigned n) { (void)d; snprintf(text, n, "GPU-1"); return OK; }
int nvmlDeviceGetUtilizationRates(void *d, unsigned *rates) {
    (void)d;
    if (now.percent == -1) for (;;) pause();
    if (now.percent == -2) return LOST;
    rates[0] = now.percent, rates[1] = 0;
    return OK;
}
int nvmlDeviceGetMemoryInfo(void *d, unsigned long long *m) {
    (void)d;
    m[0] = 10000000000ULL, m[2] = now.used * 1000000ULL, m[1] = m[0] - m[2];
    return OK;
}
int nvmlDeviceGetTotalEnergyConsumption(void *d, unsigned long long *mj) { (void)d; *mj = now.energy; return OK; }
int nvmlDeviceGetPowerUsage(void *d, unsigned *mw) { (void)d; *mw = now.power; return OK; }
int nvmlDeviceGetProcessUtilization(void *d, utilization_t *out, unsigned *count, unsigned long long since) {
    (void)d, (void)since;
    if (now.sm < 0 || !holder()) return NOT_SUPPORTED;
    if (!out || !*count) return *count = 1, TOO_SMALL;
    *count = 1, *out = (utilization_t){holder(), look + 1, now.sm, 0, 0, 0};
    return OK;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *d, unsigned *count, process_t *out) {
    unsigned pid = holder();
    (void)d;
    if (pid && (!out || !*count)) return *count = 1, TOO_SMALL;
    *count = pid != 0;
    if (pid) *out = (process_t){pid, now.used * 1000000ULL, 0, 0};
    if (out || !pid) look++, turn(), told = 0; /* the last question of a look */
    return OK;
}
int nvmlEventSetCreate(void **set) { *set = &told; return OK; }
int nvmlDeviceGetSupportedEventTypes(void *d, unsigned long long *types) { (void)d; *types = XID_EVENT; return OK; }
int nvmlDeviceRegisterEvents(void *d, unsigned long long t, void *s) { (void)d, (void)t, (void)s; return OK; }
int nvmlEventSetWait_v2(void *set, event_t *event, unsigned ms) {
    (void)set;
    if (now.xid && !told) return told = 1, *event = (event_t){&look, XID_EVENT, now.xid, 0, 0}, OK;
    usleep(ms * 1000);
    return TIMEOUT;
}
const char *nvmlErrorString(int code) { return code == LOST ? "GPU is lost" : "played error"; }
