# What the graph of E computes, as a program of its own.
import math


def sigmoid_of_number(x):
    e = math.exp(-math.fabs(x))
    return (1.0 if x >= 0 else e) / (1.0 + e)


# Given
w_GD = 4.5
w_GE = -5.2
w_GF = -2.0
w_DA = 3.7
w_DB = 3.7
w_DC = -1.5
w_EA = 2.9
w_EB = 2.9
w_EC = -4.5
A = 1.0
B = 0.0
C = 1.0
F = 1.0
y = 1.0

# Forward
multiply_1 = w_DA * A
multiply_2 = w_DB * B
add_1 = multiply_1 + multiply_2
multiply_3 = w_DC * C
s_D = add_1 + multiply_3
h_D = sigmoid_of_number(s_D)
multiply_4 = w_EA * A
multiply_5 = w_EB * B
add_2 = multiply_4 + multiply_5
multiply_6 = w_EC * C
s_E = add_2 + multiply_6
h_E = sigmoid_of_number(s_E)
multiply_7 = w_GD * h_D
multiply_8 = w_GE * h_E
add_3 = multiply_7 + multiply_8
multiply_9 = w_GF * F
s_G = add_3 + multiply_9
ŷ = sigmoid_of_number(s_G)
subtract_1 = y - ŷ
square_1 = subtract_1 * subtract_1
E = 0.5 * square_1

# Backward: d_v stands for ∂E/∂v
d_E = 1.0
d_square_1 = d_E * 0.5
d_subtract_1 = d_square_1 * (2 * subtract_1)
d_y = d_subtract_1
d_ŷ = -d_subtract_1
d_s_G = d_ŷ * (ŷ * (1 - ŷ))
d_add_3 = d_s_G
d_multiply_9 = d_s_G
d_w_GF = d_multiply_9 * F
d_F = d_multiply_9 * w_GF
d_multiply_7 = d_add_3
d_multiply_8 = d_add_3
d_w_GE = d_multiply_8 * h_E
d_h_E = d_multiply_8 * w_GE
d_w_GD = d_multiply_7 * h_D
d_h_D = d_multiply_7 * w_GD
d_s_E = d_h_E * (h_E * (1 - h_E))
d_add_2 = d_s_E
d_multiply_6 = d_s_E
d_w_EC = d_multiply_6 * C
d_C = d_multiply_6 * w_EC
d_multiply_4 = d_add_2
d_multiply_5 = d_add_2
d_w_EB = d_multiply_5 * B
d_B = d_multiply_5 * w_EB
d_w_EA = d_multiply_4 * A
d_A = d_multiply_4 * w_EA
d_s_D = d_h_D * (h_D * (1 - h_D))
d_add_1 = d_s_D
d_multiply_3 = d_s_D
d_w_DC = d_multiply_3 * C
d_C = d_C + d_multiply_3 * w_DC
d_multiply_1 = d_add_1
d_multiply_2 = d_add_1
d_w_DB = d_multiply_2 * B
d_B = d_B + d_multiply_2 * w_DB
d_w_DA = d_multiply_1 * A
d_A = d_A + d_multiply_1 * w_DA
