"""Models as source text that runs on Brian 2 and here alike, for `make_reference.py` and `test_reference.py`.

Whatever a text leaves in its namespace is compared: spike monitors, state monitors and, at the end, the
variables of groups. Everything is deterministic. Where we differ on purpose is left out: Heun's method takes an
Euler step for what is not noise in Brian 2, the trapezoidal rule here; exact integration of oscillators, for
which Brian 2 falls back to Euler; comparisons such as 0 < x <= 1.
"""

PRELUDE = "defaultclock.dt = 0.1*ms\n"

MODELS = {
    "exact, one equation": """
tau = 10*ms
v_reset = 0*mV
G = NeuronGroup(12, '''dv/dt = (v0 - v)/tau : volt (unless refractory)
                       v0 : volt (constant)''',
                threshold='v > 10*mV', reset='v = v_reset', refractory=5*ms, method='exact')
G.v0 = '20*mV*i/(N - 1)'
G.v = '1*mV*i'
S = SpikeMonitor(G)
M = StateMonitor(G, 'v', record=[0, 7, 11])
run(60*ms)
""",
    "exact, coupled": """
taum = 20*ms
taue = 5*ms
taui = 10*ms
Vt = -50*mV
Vr = -60*mV
El = -49*mV
G = NeuronGroup(6, '''dv/dt = (ge + gi - (v - El))/taum : volt (unless refractory)
                      dge/dt = -ge/taue : volt
                      dgi/dt = -gi/taui : volt''',
                threshold='v > Vt', reset='v = Vr; ge += 3*mV; gi -= 6*mV', refractory=5*ms, method='exact')
G.v = 'Vr + i*2*mV'
G.ge = 'i*mV'
S = SpikeMonitor(G)
M = StateMonitor(G, ['v', 'ge', 'gi'], record=[0, 5])
run(80*ms)
""",
    "exact, a matrix for each neuron": """
G = NeuronGroup(4, '''dv/dt = (g*gain - v)/tau_m : 1
                      dg/dt = (x - g)/tau_r : 1
                      dx/dt = -x/tau_d : 1
                      tau_m : second (constant)
                      tau_r : second (constant)
                      tau_d : second (constant)
                      gain : 1''', threshold='v > 0.4', reset='x += 0.5', refractory=2*ms, method='exact')
G.tau_m = '(10 + 4*i)*ms'
G.tau_r = '(1 + 0.3*i)*ms'
G.tau_d = '(5 - i)*ms'
G.gain = '1 + i'
G.x = 2
S = SpikeMonitor(G)
M = StateMonitor(G, ['v', 'g', 'x'], record=True)
run(30*ms)
""",
    "euler, a reset of several statements": """
a = 0.02/ms
b = 0.2/ms
G = NeuronGroup(5, '''dv/dt = (0.04/ms/mV)*v**2 + (5/ms)*v + 140*mV/ms - u + I : volt
                      du/dt = a*(b*v - u) : volt/second
                      I : volt/second
                      count : integer
                      odd : boolean''',
                threshold='v >= 30*mV',
                reset='''v = -65*mV + 2*mV*i
                         jump = (8 - i)*mV/ms
                         u += jump
                         count += 1
                         odd = not odd
                         I *= 0.99''',
                method='euler')
G.v = -65*mV
G.u = 'b*v'
G.I = '(4 + 3*i)*mV/ms'
S = SpikeMonitor(G)
M = StateMonitor(G, ['v', 'u', 'I', 'count', 'odd'], record=[0, 4])
run(80*ms)
""",
    "exponential Euler, Hodgkin and Huxley": """
area = 20000*umetre**2
Cm = 1*ufarad*cm**-2*area
gl = 5e-5*siemens*cm**-2*area
El = -65*mV
EK = -90*mV
ENa = 50*mV
g_na = 100*msiemens*cm**-2*area
g_kd = 30*msiemens*cm**-2*area
VT = -63*mV
G = NeuronGroup(6, '''
    dv/dt = (gl*(El - v) - g_na*(m*m*m)*h*(v - ENa) - g_kd*(n*n*n*n)*(v - EK) + I)/Cm : volt
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    alpha_m = 0.32*(mV**-1)*4*mV/exprel((13*mV - v + VT)/(4*mV))/ms : Hz
    beta_m = 0.28*(mV**-1)*5*mV/exprel((v - VT - 40*mV)/(5*mV))/ms : Hz
    alpha_h = 0.128*exp((17*mV - v + VT)/(18*mV))/ms : Hz
    beta_h = 4./(1 + exp((40*mV - v + VT)/(5*mV)))/ms : Hz
    alpha_n = 0.032*(mV**-1)*5*mV/exprel((15*mV - v + VT)/(5*mV))/ms : Hz
    beta_n = .5*exp((10*mV - v + VT)/(40*mV))/ms : Hz
    I : amp''', threshold='v > -20*mV', refractory='v > -20*mV', method='exponential_euler')
G.v = El
G.I = '0.15*nA*i'
defaultclock.dt = 0.02*ms
S = SpikeMonitor(G)
M = StateMonitor(G, ['v', 'm', 'alpha_m', 'beta_n'], record=[0, 2, 5], dt=0.2*ms)
run(40*ms)
""",
    "rk2 and rk4, FitzHugh and Nagumo": """
eqs = '''dv/dt = (v - v**3/3 - w + I + 0.3*sin(2*pi*t/(7*ms)))/ms : 1
         dw/dt = 0.08*(v + 0.7 - 0.8*w)/ms : 1
         I : 1 (constant)'''
A = NeuronGroup(3, eqs, method='rk2', threshold='v > 1', refractory='v > 1')
B = NeuronGroup(3, eqs, method='rk4', threshold='v > 1', refractory='v > 1')
A.I = B.I = '0.3*i'
S = SpikeMonitor(A)
Z = SpikeMonitor(B)
M = StateMonitor(A, ['v', 'w'], record=[1])
O = StateMonitor(B, ['v', 'w'], record=[1])
run(60*ms)
""",
    "rk4 and milstein while refractory": """
eqs = '''dv/dt = (I - v)/(10*ms) : 1 (unless refractory)
         dw/dt = (v - w**2)/(5*ms) : 1
         I : 1 (constant)'''
A = NeuronGroup(4, eqs, method='rk4', threshold='v > 1', reset='v = 0', refractory=3*ms)
B = NeuronGroup(4, eqs, method='milstein', threshold='v > 1', reset='v = 0', refractory=3*ms)
A.I = B.I = '0.8 + 0.4*i'
S = SpikeMonitor(A)
Z = SpikeMonitor(B)
M = StateMonitor(A, ['v', 'w', 'not_refractory', 'lastspike'], record=True)
O = StateMonitor(B, ['v', 'w'], record=True)
run(40*ms)
""",
    "exponential integrate and fire, refractory by a parameter": """
C = 281*pF
gL = 30*nS
taum = C/gL
EL = -70.6*mV
VT = -50.4*mV
DeltaT = 2*mV
Vcut = VT + 5*DeltaT
tauw = 144*ms
a = 4*nS
b = 0.0805*nA
Vr = -70.6*mV
G = NeuronGroup(4, '''dvm/dt = (gL*(EL - vm) + gL*DeltaT*exp((vm - VT)/DeltaT) + I - w)/C : volt (unless refractory)
                      dw/dt = (a*(vm - EL) - w)/tauw : amp
                      hold : second
                      I : amp''',
                threshold='vm > Vcut', reset='vm = Vr; w += b', refractory='hold + 0.5*ms', method='euler')
G.vm = EL
G.I = '0.8*nA + 0.4*nA*i'
G.hold = 'i*0.7*ms'
S = SpikeMonitor(G)
M = StateMonitor(G, ['vm', 'w'], record=[0, 3])
run(80*ms)
""",
    "refractory while a condition holds": """
G = NeuronGroup(3, '''dv/dt = (2 - v)/tau : 1 (unless refractory)
                      dh/dt = -h/(4*ms) : 1
                      tau : second''',
                threshold='v > 1', reset='v = 0; h += 1', refractory='h > 0.3 or t < 2*ms', method='euler')
G.tau = '(5 + i)*ms'
S = SpikeMonitor(G)
M = StateMonitor(G, ['v', 'h', 'not_refractory'], record=True, when='end')
run(50*ms)
""",
    "refractory periods and rounding": """
G = NeuronGroup(40, '''v : 1
                       n : integer''', threshold='v > 0', reset='n += 1', refractory='i*0.1*ms + shift')
shift = 0.3*ms
G.v = 1
H = NeuronGroup(9, 'v : 1', threshold='v > 0', refractory='i*1.25*ms', dt=0.05*ms)
H.v = 1
K = NeuronGroup(1, 'v : 1', threshold='v > 0', refractory=5*ms)
K.v = 1
S = SpikeMonitor(G)
Z = SpikeMonitor(H)
Y = SpikeMonitor(K)
run(30*ms)
""",
    "adaptation by the last spike": """
G = NeuronGroup(3, '''dv/dt = (2 - v)/(10*ms) : 1
                      vt = 1 + 0.5*exp(-(t - lastspike)/(7*ms)) : 1
                      since = clip((t - lastspike)/ms, 0, 100) : 1''',
                threshold='v > vt', reset='v = 0.2*i', refractory=1*ms, method='exact')
S = SpikeMonitor(G)
M = StateMonitor(G, ['v', 'vt', 'since', 'lastspike'], record=[0, 2])
run(40*ms)
""",
    "shared and constant parameters, types": """
gain = 2.5
mode = 3
on = True
G = NeuronGroup(7, '''dv/dt = (int(on)*drive*gain - v)/tau : 1
                      drive : 1 (shared)
                      tau : second (shared, constant)
                      kind : integer (constant)
                      live : boolean
                      level = drive*kind + int(live and kind > 1)*mode : 1
                      flag = live and not (kind == 2) : boolean
                      parity = kind % 2 + mode // 2 : integer''',
                threshold='v > 0.5*kind and live', reset='v = 0; live = kind > 3 or mode == 2', method='euler')
G.drive = 2
G.tau = 8*ms
G.kind = 'i'
G.live = 'i != 4'
S = SpikeMonitor(G)
M = StateMonitor(G, ['v', 'drive', 'level', 'flag', 'parity', 'live'], record=True)
run(20*ms)
G.drive = 3
mode = 4
G.live = True
run(20*ms)
""",
    "TimedArray": """
values = [0.5, 2.0, -1.0, 3.0, 0.25]
I = TimedArray(values*nA, dt=3*ms)
fine = TimedArray([0, 1, 4, 9, 16, 25, 36, 49], dt=0.25*ms)
A = NeuronGroup(2, '''dv/dt = (I(t)*R - v)/(5*ms) : volt
                      R : ohm
                      f = fine(t - 1*ms) + 0*fine(t) : 1''',
                threshold='v > 15*mV', reset='v = 0*mV', method='exact')
B = NeuronGroup(2, '''dv/dt = (I(t)*10*Mohm - v)/(5*ms) : volt
                      du/dt = fine(t)/ms : 1''', method='rk4')
A.R = '(10 + 10*i)*Mohm'
B.v = 'I(i*3*ms)*1*Mohm'
S = SpikeMonitor(A)
M = StateMonitor(A, ['v', 'f'], record=True)
O = StateMonitor(B, ['v', 'u'], record=True)
run(20*ms)
""",
    "TimedArray with columns": """
rates = TimedArray([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [0.5, 0.0, -0.5]], dt=2*ms)
G = NeuronGroup(5, '''dv/dt = rates(t, column)/ms - v/(4*ms) : 1
                      column = i % 3 : integer''', threshold='v > 6', reset='v -= 4', method='euler')
S = SpikeMonitor(G)
M = StateMonitor(G, 'v', record=True)
run(10.05*ms)
""",
    "several runs": """
tau = 10*ms
level = 1.5
G = NeuronGroup(3, '''dv/dt = (level*i - v)/tau : 1
                      dw/dt = (v - w)/(2*tau) : 1''', threshold='v > 1', reset='v = 0', method='exact')
H = NeuronGroup(2, 'dv/dt = -v**2/tau : 1', method='rk2')
H.v = [1, 2]
S = SpikeMonitor(G)
M = StateMonitor(G, ['v', 'w'], record=True)
O = StateMonitor(H, 'v', record=True)
run(10*ms)
tau = 4*ms
run(10*ms)
defaultclock.dt = 0.05*ms
level = 2.25
G.w = 'w + i'
G.v['v > 0.8'] = 0.25
run(6*ms)
defaultclock.dt = 0.2*ms
run(6*ms)
""",
    "durations off the grid": """
G = NeuronGroup(2, '''dv/dt = (1 + i)/ms : 1
                      age = t_in_timesteps*1.0 : 1''', threshold='v > 1', reset='v = 0', method='euler')
S = SpikeMonitor(G)
M = StateMonitor(G, ['v', 'age', 't_in_timesteps'], record=True)
run(0.25*ms)
run(0.25*ms)
run(0.1*ms)
run(1.03*ms)
run(0.02*ms)
run(2*ms)
""",
    "when and how often states are recorded": """
G = NeuronGroup(3, '''dv/dt = (1 + 0.5*i)/ms : 1
                      n : 1''', threshold='v > 0.95', reset='v = 0; n += 1', method='euler')
S = SpikeMonitor(G)
M = StateMonitor(G, ['v', 'n'], record=True)
O = StateMonitor(G, ['v', 'n'], record=[2, 0], when='after_groups')
P = StateMonitor(G, ['v', 'n'], record=1, when='after_thresholds')
Q = StateMonitor(G, ['v', 'n'], record=True, when='end')
R = StateMonitor(G, 'v', record=[1], dt=0.3*ms)
T = StateMonitor(G, 'v', record=True, dt=1*ms, when='end')
U = StateMonitor(G, 'v', record=True, dt=0.05*ms)
V = StateMonitor(G, 'v', record=True, when='groups', order=-1)
W = StateMonitor(G, ['v', 'n'], record=True, when='groups', order=1)
X = StateMonitor(G, ['v', 'n'], record=True, when='resets', order=-1)
Y = StateMonitor(G, ['v', 'n'], record=True, when='resets', order=1)
Z = StateMonitor(G, ['v', 'n'], record=True, when='before_synapses')
run(1.73*ms)
run(1.5*ms)
""",
    "groups with clocks of their own": """
A = NeuronGroup(2, 'dv/dt = (1.5 - v)/(3*ms) : 1', threshold='v > 1', reset='v = 0', method='exact', dt=0.25*ms)
B = NeuronGroup(2, 'dv/dt = (2 - v)/(3*ms) : 1', threshold='v > 1', reset='v = 0.1*i', method='euler')
C = NeuronGroup(1, 'dv/dt = -v/(3*ms) : 1', method='rk2', dt=1*ms)
A.v = '0.5*i'
C.v = 1
S = SpikeMonitor(A)
Z = SpikeMonitor(B)
M = StateMonitor(A, 'v', record=True)
O = StateMonitor(B, 'v', record=True)
P = StateMonitor(C, 'v', record=True)
run(7*ms)
run(5*ms)
""",
    "values set by strings": """
scale = 3
offset = 2.5*mV
G = NeuronGroup(20, '''v : volt
                       x : 1
                       y : 1
                       k : integer
                       b : boolean
                       s : 1 (shared)
                       double = 2*x + y : 1''')
G.v = 'offset + i*mV/scale'
G.x = 'sin(2*pi*i/N) + scale'
G.y = 'x**2 - scale*int(x > 3)'
G.k = 'i % scale + i // 4'
G.b = 'k > 2 and x < 3.5'
G.s = 'scale*2'
G.v['i > 15'] = -70*mV
G.v['b'] = 'v - 1*mV'
G.x[3] = 10
G.x[4:7] = [1, 2, 3]
G.y[[0, 19]] = 'double - s'
G.k['x > scale'] = 'k + 5'
G.y['k > 4'] = 'y*2'
G.x = 'x*2'
G.s = 's + 1'
M = StateMonitor(G, ['v', 'x', 'y', 'k', 'b', 's', 'double'], record=True)
run(0.2*ms)
""",
    "functions and operators": """
p = 3
q = -2.5
G = NeuronGroup(25, '''x = (i - 12)*0.75 : 1
                       k = i - 12 : integer
                       f00 = clip(x, -3, p) : 1
                       f01 = exprel(x) : 1
                       f02 = floor(x) + ceil(x/2) : 1
                       f03 = sign(x)*sqrt(abs(x)) : 1
                       f04 = int(x) : integer
                       f05 = x % p : 1
                       f06 = x % q : 1
                       f07 = k // p : integer
                       f08 = k % p : integer
                       f09 = x // q : 1
                       f10 = x**2 - x**3 + abs(x)**0.5 + abs(x)**1.7 : 1
                       f11 = -x**2 : 1
                       f12 = log(abs(x) + 1) + log10(abs(x) + 1) : 1
                       f13 = exp(-x**2) + tanh(x) + sinh(x/9) + cosh(x/9) : 1
                       f14 = sin(x) + cos(x) + tan(x/10) + arctan(x) : 1
                       f15 = arcsin(x/10) + arccos(x/10) : 1
                       f16 = int(x > 0)*p + int(not x > 0 or k == 3)*q : 1
                       f17 = 1/(x + 0.1)/2*3 - 4*5/6 : 1
                       f18 = 7/2 + p/2 + k/2 : 1
                       f19 = k**2 + 2**3 : integer
                       f20 = (p*1.0)**k : 1
                       f21 = (-1)**2 + (-p)**2 : integer
                       f22 = (k + 0.5)//1 + i/N : 1
                       f23 = timestep(k*0.1*ms + 5*ms, dt) : integer
                       f24 = 1e-3*x + 5.*x + .5 : 1
                       f25 = abs(k) - sign(k) : integer''')
M = StateMonitor(G, ['f%02d' % j for j in range(26)], record=True)
run(0.1*ms)
""",
    "subexpressions and time": """
T = 4*ms
G = NeuronGroup(3, '''dv/dt = (wave*gain - v)/(2*ms) : 1
                      wave = sin(phase)*ramp : 1
                      phase = 2*pi*t/T + i : 1
                      ramp = clip(t/(10*ms), 0, 1) : 1
                      gain : 1''',
                threshold='v > 0.5 and wave > 0 and t > 1*ms', reset='v = -ramp', method='rk4')
G.gain = '2 + i'
S = SpikeMonitor(G)
M = StateMonitor(G, ['v', 'wave', 'ramp'], record=True)
run(25*ms)
""",
    "automatic choice of a method": """
tau = 5*ms
A = NeuronGroup(2, 'dv/dt = (0.5 - v)/tau : 1')
B = NeuronGroup(2, 'dv/dt = (0.5 - v**2)/tau : 1')
C = NeuronGroup(2, '''dv/dt = (w - v)/tau : 1
                      dw/dt = -w/(2*tau) : 1''')
A.v = B.v = C.v = C.w = '1 + i'
M = StateMonitor(A, 'v', record=True)
O = StateMonitor(B, 'v', record=True)
P = StateMonitor(C, ['v', 'w'], record=True)
run(10*ms)
""",
}
