#!/usr/bin/perl
# Postfix's tables read by us against Postfix's own postmap: made-up tables of every
# construct, made-up keys, the same answer. postmap asks one key; the walk over parent
# domains, which smtpd does, is asked for key by key as access(5) has it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use JSON::PP ();
use Lab;
use Test::More;

my $postmap = "$Lab::BUILD/mta/usr/sbin/postmap";
my $postern = "$Lab::BUILD/postern";
plan skip_all => 'no private Postfix on this machine' unless -x $postmap;
chomp(my $arch = `gcc -print-multiarch 2>/dev/null` || 'x86_64-linux-gnu');
$ENV{LD_LIBRARY_PATH} = join ':', "$Lab::BUILD/mta/usr/lib/postfix", "$Lab::BUILD/mta/usr/lib/$arch", "$Lab::BUILD/mta/lib/$arch";

my $lab = Lab->new;
mkdir "$lab->{dir}/etc";
$lab->write_file("$lab->{dir}/etc/main.cf", "compatibility_level = 3.6\ninet_protocols = all\nmail_owner = mail\nsetgid_group = news\nmyhostname = mx.postern.test\nmydomain = postern.test\n");
srand 7;

sub pick { return $_[ rand @_ ] }

# Answers of postmap: key => result.
sub ask_postmap {
	my ($type, $file, @keys) = @_;
	$lab->write_file("$lab->{dir}/keys", join '', map { "$_\n" } @keys);
	my %answer;
	open my $p, '-|', "'$postmap' -c '$lab->{dir}/etc' -q - '$type:$file' <'$lab->{dir}/keys' 2>'$lab->{dir}/postmap.log'" or die;
	while (<$p>) { chomp; my ($k, $v) = split /\t/, $_, 2; $answer{$k} = $v }
	close $p;
	return \%answer;
}

# The text of the entry that decides, or of the DUNNO that ended the search.
sub ask_postern {
	my ($kind, $type, $file, $key, @more) = @_;
	open my $p, '-|', $postern, 'access', 'test', '-c', '/dev/null', '-o', "access=$kind=$type:$file", '--json', '--kind', $kind, @more, $key or die;
	my $out = do { local $/; <$p> } // '';
	close $p;
	my $j = eval { JSON::PP->new->decode($out) } or return "no JSON: $out";
	for my $e (@{ $j->{entries} }) {
		return "REJECT $e->{text}" if $e->{standing} eq 'decides' && $e->{action} eq 'reject';
		return 'OK' if $e->{standing} eq 'decides' && $e->{action} eq 'allow';
		return 'DUNNO' if $e->{standing} eq 'passed';
	}
	return undef;
}

sub compare {
	my ($name, $type, $text, $ask, @keys) = @_;
	my $file = $lab->write_file("$lab->{dir}/table", $text);
	my $want = ask_postmap($type, $file, @keys);
	my ($equal, $found) = (0, 0);
	for my $key (@keys) {
		# A tab of a continued line becomes a blank of the reply.
		my ($got, $expected) = map { ($_ // 'nothing') =~ tr/\t/ /r } $ask->($file, $key), $want->{$key};
		$found++ if $expected ne 'nothing';
		if ($got eq $expected) { $equal++ }
		else { diag "$name, $key: postmap says $expected, we say $got\n$text" }
	}
	is $equal, scalar @keys, "$name: every answer is postmap's";
	return $found;
}

# ---- cidr ------------------------------------------------------------------------------

sub network {
	return pick(map { "10.$_.0.0/16" } 0 .. 3) if rand() < 0.3;
	return '10.' . int(rand 4) . '.' . int(rand 4) . '.0/24' if rand() < 0.5;
	return '10.' . int(rand 4) . '.' . int(rand 4) . '.' . int(rand 4) if rand() < 0.7;
	return pick('2001:db8::/32', '2001:db8:1::/48', '2001:db8:1::7', '0.0.0.0/0', '::/0');
}

sub cidr_table {
	my ($n, $depth, $text) = (0, 0, "# made up\n\n");
	for (1 .. 14) {
		my $what = rand;
		if ($what < 0.15 && $depth < 3) { $text .= 'if ' . pick('', '!') . network() . "\n"; $depth++ }
		elsif ($what < 0.3 && $depth > 0) { $text .= "endif\n"; $depth-- }
		elsif ($what < 0.4) { $text .= network() . "   DUNNO\n" }
		elsif ($what < 0.5) { $text .= network() . "\tOK\n" }
		elsif ($what < 0.6) { $text .= pick('', '!') . network() . ' REJECT line ' . ++$n . "\n   goes on\n" }
		else { $text .= pick('', '', '!') . network() . ' REJECT line ' . ++$n . "\n" }
		$text .= "# a comment\n" if rand() < 0.2;
	}
	return $text . "endif\n" x $depth;
}

my @addresses = ((map { '10.' . int(rand 5) . '.' . int(rand 5) . '.' . int(rand 5) } 1 .. 12), '192.0.2.1', '2001:db8::1', '2001:db8:1::7', '2001:db9::1');
my $found = 0;
for my $i (1 .. 8) {
	$found += compare("cidr $i", 'cidr', cidr_table(), sub { ask_postern('client', 'cidr', $_[0], $_[1]) }, @addresses);
}
cmp_ok $found, '>', 30, 'cidr: many found something';

# ---- regexp ------------------------------------------------------------------------------

sub expression { return pick('^dsl-', '^mail\.', '\.example\.(org|com)$', '[0-9]+', '^[^.]+$', '^(a|b)\.', 'x') }

sub regexp_table {
	my ($n, $depth, $text) = (0, 0, '');
	for (1 .. 12) {
		my $what = rand;
		my $d = pick('/', '/', '|', '!');
		$d = '/' if $d eq '|' && $text =~ /\|/;
		my $re = $d eq '|' ? '^mail\.' : expression();
		my $pattern = ($d eq '!' ? '!/' : $d) . $re . ($d eq '|' ? '|' : '/');
		if ($what < 0.15 && $depth < 3) { $text .= 'if ' . pick('', '!') . "/$re/\n"; $depth++ }
		elsif ($what < 0.3 && $depth > 0) { $text .= "endif\n"; $depth-- }
		elsif ($what < 0.4) { $text .= "$pattern DUNNO\n" }
		elsif ($what < 0.5) { $text .= "/^(dsl)-([0-9]+)/ REJECT \$1 and \${2} and \$(1) for \$\$5, line " . ++$n . "\n" }
		else { $text .= $pattern . ' REJECT line ' . ++$n . "\n" }
	}
	return $text . "endif\n" x $depth;
}

my @names = qw(dsl-17.pool.example.org mail.example.com MAIL.example.com a.example.net b.x.org nodots x dsl-.example.com deep.mail.example.org 10.example);
$found = 0;
for my $i (1 .. 8) {
	$found += compare("regexp $i", 'regexp', regexp_table(), sub { ask_postern('helo', 'regexp', $_[0], $_[1]) }, @names);
}
cmp_ok $found, '>', 30, 'regexp: many found something';

# ---- pcre --------------------------------------------------------------------------------

# The map is a module Debian has in a package of its own.
my $module = "$Lab::BUILD/mta/usr/lib/postfix/postfix-pcre.so";
mkdir "$lab->{dir}/meta";
$lab->write_file("$lab->{dir}/meta/dynamicmaps.cf", "pcre\tpostfix-pcre.so\tdict_pcre_open\n");
$lab->write_file("$lab->{dir}/etc/main.cf", $lab->slurp("$lab->{dir}/etc/main.cf") . "meta_directory = $lab->{dir}/meta\nshlib_directory = $Lab::BUILD/mta/usr/lib/postfix\n");

# Pattern, flags, how many groups it has.
my @pcre = ([ '^dsl-(\d+)\.(?:pool|dyn)\.', '', 1 ], [ '^(?!mail\.)(\w+)\.example', '', 1 ], [ '(?<=\.)(com|net)$', '', 1 ],
	[ '^(a+)(b)?', '', 2 ], [ '([a-z])\1', '', 1 ], [ '^(?<first>[^.]+)\.', '', 1 ], [ 'MAIL', 'i', 0 ], [ 'mail . example', 'x', 0 ],
	[ 'mail', 'A', 0 ], [ '^(.+)\.', 'U', 1 ], [ '^(.+?)\.', 'U', 1 ], [ 'org$', 'E', 0 ], [ '^(?i:MAIL)(?-i)\.EX', '', 0 ], [ '\bpool\b', 'ms', 0 ],
	[ '^\S+ \S+$', '', 0 ], [ 'a\/b', '', 0 ], [ '^[[:alpha:]]+-[[:digit:]]{2,3}', '', 0 ], [ '(?:x|(y))(.)', 'iAx', 2 ], [ '^\x61\.', '', 0 ], [ '[\w.-]+', 'Us', 0 ],
	[ '^((?:\w+\.)*)\w+$', '', 1 ], [ '^(?>a+)b', '', 0 ], [ '\Qa.e\E', '', 0 ], [ '^(?#talk)x', '', 0 ], [ 'a|b|', 'A', 0 ]);

sub pcre_text {
	my ($groups) = @_;
	return '' unless $groups;
	return ' ' . join ' ', map { my $i = 1 + int rand $groups; pick("\$$i", "\${$i}", "\$($i)", "x\${$i}y", "\$\$$i", "\$($i)z") } 1 .. 2;
}

sub pcre_table {
	my ($n, $depth, $text) = (0, 0, "# made up\n\n");
	for (1 .. 14) {
		my $what = rand;
		my ($re, $flags, $groups) = @{ pick(@pcre) };
		my $d = pick('/', '/', $re =~ /[|\/~]/ ? '/' : ('|', '~'));
		my $pattern = "$d$re$d$flags";
		if ($what < 0.15 && $depth < 3) { $text .= pick('if ', 'IF ') . pick('', '!', '! ') . "$pattern\n"; $depth++ }
		elsif ($what < 0.3 && $depth > 0) { $text .= pick('endif', 'EndIf') . "\n"; $depth-- }
		elsif ($what < 0.4) { $text .= "$pattern DUNNO\n" }
		elsif ($what < 0.5) { $text .= "!$pattern" . pick(' ', "\t") . 'REJECT not ' . ++$n . "\n" }
		else { $text .= "$pattern REJECT line " . ++$n . pcre_text($groups) . pick('', '', "\n# between\n  goes\n\n\ton") . "\n" }
	}
	return $text . "endif\n" x $depth;
}

SKIP: {
	skip 'no pcre map for the private Postfix on this machine', 1 unless -e $module;
	my @keys = (@names, qw(aab.example.net aaaa dsl-99.dyn.example.com mail0example a/b Xy.example xy ab a.example-12), 'two words', 'mail example', 'Dot.Example.');
	$found = 0;
	for my $i (1 .. 24) {
		$found += compare("pcre $i", 'pcre', pcre_table(), sub { ask_postern('helo', 'pcre', $_[0], $_[1]) }, @keys);
	}
	cmp_ok $found, '>', 100, 'pcre: many found something';
}

# ---- texthash, walked as access(5) says ------------------------------------------------------

sub walk_client {
	my ($name, $ip) = @_;
	my @keys = ($name);
	for (my $d = $name; $d =~ s/^[^.]+\.(?=.)//;) { push @keys, ".$d", $d }
	push @keys, $ip;
	for (my $net = $ip; $net =~ s/\.\d+$//;) { push @keys, $net }
	return @keys;
}

sub walk_sender {
	my ($address) = @_;
	my ($user, $domain) = split /@/, $address;
	my @keys = ($address, $domain);
	for (my $d = $domain; $d =~ s/^[^.]+\.(?=.)//;) { push @keys, ".$d", $d }
	return (@keys, "$user\@");
}

sub first_answer {
	my ($file, @keys) = @_;
	my $answer = ask_postmap('texthash', $file, @keys);
	for (@keys) { return $answer->{$_} if defined $answer->{$_} }
	return 'nothing';
}

my @domains = qw(example.org mail.example.org sub.mail.example.org example.com other.net);
my ($equal, $all) = (0, 0);
for my $i (1 .. 6) {
	my %line;
	$line{ pick(@domains, map { ".$_" } @domains) } = 1 for 1 .. 4;
	$line{ pick('10.1.2.3', '10.1.2', '10.1', '10', 'bob@example.org', 'bob@', 'eve@other.net') } = 1 for 1 .. 4;
	my $n = 0;
	my $text = join '', map { "$_ " . pick('OK', 'DUNNO', 'REJECT line ' . ++$n, 'REJECT line ' . ++$n) . "\n" } sort keys %line;
	my $file = $lab->write_file("$lab->{dir}/table", $text);
	for my $case ([ 'sub.mail.example.org', '10.1.2.3' ], [ 'a.mail.example.org', '10.1.9.9' ], [ 'example.org', '10.9.9.9' ], [ 'x.other.net', '192.0.2.1' ]) {
		my ($name, $ip) = @$case;
		my $want = first_answer($file, walk_client($name, $ip));
		my $got = ask_postern('client', 'texthash', $file, $ip, '--name', $name) // 'nothing';
		$all++; $got eq $want ? $equal++ : diag "client $name $ip: wanted $want, got $got\n$text";
	}
	for my $address (qw(bob@example.org bob@sub.mail.example.org eve@other.net eve@a.example.com)) {
		my $want = first_answer($file, walk_sender($address));
		my $got = ask_postern('sender', 'texthash', $file, $address) // 'nothing';
		$all++; $got eq $want ? $equal++ : diag "sender $address: wanted $want, got $got\n$text";
	}
}
is $equal, $all, "texthash: every walk ends where smtpd's does";
done_testing;
