import type { DemoDirectConversation, DemoGroup } from './types.js'

export const demoDirectConversations: DemoDirectConversation[] = [
  // Arabic: the result of a heart rhythm recording
  {
    doctor: 'dr-osman',
    patient: 'amal',
    startedDaysAgo: 12,
    unreadFor: { externalId: 'amal', turns: 2 },
    turns: [
      {
        from: 'amal',
        minutesLater: 0,
        text: 'السلام عليكم دكتورة هالة، سلّمت جهاز تسجيل نبضات القلب اليوم في الاستقبال.',
      },
      {
        from: 'dr-osman',
        minutesLater: 95,
        text: 'وعليكم السلام أستاذة أمل، وصلني الخبر، شكراً لك. قراءة التسجيل تأخذ عادةً بضعة أيام عمل.',
      },
      { from: 'amal', minutesLater: 12, text: 'هل أعود إلى المشي في الصباح أم أنتظر النتيجة؟' },
      {
        from: 'dr-osman',
        minutesLater: 40,
        text: 'المشي الهادئ مناسب ما دمتِ مرتاحة. توقفي إن شعرتِ بتعب غير معتاد واكتبي لي متى حدث ذلك.',
      },
      {
        from: 'dr-osman',
        minutesLater: 2,
        text: 'أما ألم الصدر أو الإغماء أو ضيق النفس الشديد فلا تكتبي لي عنه، بل اتصلي بالإسعاف فوراً.',
      },
      { from: 'amal', minutesLater: 7, text: 'مفهوم، بارك الله فيك 🌷' },
      {
        from: 'dr-osman',
        minutesLater: 5860,
        text: 'صباح الخير. قرأت التسجيل كاملاً: هناك ضربات إضافية متفرقة، ولا شيء فيه يدعو إلى القلق الآن.',
      },
      { from: 'amal', minutesLater: 25, text: 'الحمد لله! طمأنتِني كثيراً. هل يبقى موعدنا كما هو؟' },
      {
        from: 'dr-osman',
        minutesLater: 18,
        text: 'نعم، يبقى الموعد. أحضري معك دفتر الضغط وقائمة الأدوية كما تأخذينها فعلاً.',
      },
      { from: 'dr-osman', minutesLater: 3, text: 'وإن أحب خالد أن يحضر معك فأهلاً به.' },
    ],
  },
  // Several lines: at home after a knee operation
  {
    doctor: 'dr-novak',
    patient: 'greta',
    startedDaysAgo: 20,
    turns: [
      {
        from: 'dr-novak',
        minutesLater: 0,
        text:
          'Good morning, Mrs Hoffmann. This is the second day at home with the new knee. How was the ' +
          'night?',
      },
      {
        from: 'greta',
        minutesLater: 51,
        text: 'Restless, but better than in the hospital. I slept from two to six without waking.',
      },
      {
        from: 'dr-novak',
        minutesLater: 33,
        text: 'That is quite usual in the first weeks. How do the wound and the calf look?',
      },
      {
        from: 'greta',
        minutesLater: 28,
        text:
          'The dressing is dry. No redness that I can see. The leg is a bit thick in the evening, both ' +
          'sides of the knee.',
      },
      {
        from: 'dr-novak',
        minutesLater: 15,
        text:
          'Some swelling after a day on your feet is expected: leg up, cool pack over a cloth, short ' +
          'walks in between.\n\n' +
          'Call us the same day if you notice:\n' +
          '• fever or shivering\n' +
          '• a dressing that is wet through\n' +
          '• redness that spreads\n\n' +
          'Call the emergency number at once for sudden breathlessness, chest pain, or a calf that turns ' +
          'hot, hard and painful.',
      },
      { from: 'greta', minutesLater: 9, text: 'I have printed that and put it on the fridge.' },
      { from: 'dr-novak', minutesLater: 4, text: 'The best place for it 🙂' },
      {
        from: 'greta',
        minutesLater: 8700,
        text: 'First session with the physiotherapist is done. He says I bend better than most in week one!',
      },
      {
        from: 'dr-novak',
        minutesLater: 130,
        text: 'Wonderful news. Please keep to his plan, even on good days: no extra rounds, please.',
      },
      { from: 'greta', minutesLater: 21, text: 'You know me too well.' },
      {
        from: 'greta',
        minutesLater: 5800,
        text:
          'One question: may I sit in the car as a passenger for an hour on Sunday? It is my grandson’s ' +
          'birthday 🎂',
      },
      {
        from: 'dr-novak',
        minutesLater: 75,
        text: 'As a passenger, with a stop halfway to walk a few steps: yes. Enjoy the cake.',
      },
    ],
  },
  // Emoji: blood tests before a visit
  {
    doctor: 'dr-rao',
    patient: 'priya',
    startedDaysAgo: 9,
    turns: [
      {
        from: 'priya',
        minutesLater: 0,
        text: 'Hello Dr. Rao, do I have to be fasting for the thyroid blood test on Thursday?',
      },
      {
        from: 'dr-rao',
        minutesLater: 64,
        text: 'Hello Priya. For this test you do not need to fast. Drink water as usual.',
      },
      { from: 'priya', minutesLater: 5, text: 'Great, coffee is saved ☕😄' },
      {
        from: 'priya',
        minutesLater: 1,
        text: 'And should I take my morning tablet before or after they draw the blood?',
      },
      {
        from: 'dr-rao',
        minutesLater: 22,
        text:
          'Bring it along and take it after the sample, then carry on exactly as on your label. Nothing ' +
          'else changes.',
      },
      { from: 'priya', minutesLater: 6, text: 'Perfect, thanks!' },
      {
        from: 'priya',
        minutesLater: 4400,
        text:
          'Test done this morning. The app already shows one value with a red arrow and I am a little ' +
          'nervous 😬',
      },
      {
        from: 'dr-rao',
        minutesLater: 140,
        text:
          'I see why. A red arrow only says that a value lies outside the printed range; it does not say ' +
          'by how much it matters.',
      },
      {
        from: 'dr-rao',
        minutesLater: 2,
        text:
          'Yours is just outside, and it has moved in the right direction since spring. I would like to ' +
          'go through it with you at the visit.',
      },
      { from: 'priya', minutesLater: 11, text: 'Phew. So nothing to do before then?' },
      {
        from: 'dr-rao',
        minutesLater: 9,
        text: 'Nothing to change. Write to me if you feel a racing heart, marked tiredness or anything new.',
      },
      { from: 'priya', minutesLater: 3, text: 'Will do. Thank you for answering so fast 🙏' },
    ],
  },
  // Arabic and English mixed: home readings
  {
    doctor: 'dr-osman',
    patient: 'yusuf',
    startedDaysAgo: 7,
    turns: [
      {
        from: 'yusuf',
        minutesLater: 0,
        text: 'مساء الخير دكتورة، I got the letter from the lab. هل أرسله هنا ولا أجيبه معاي؟',
      },
      {
        from: 'dr-osman',
        minutesLater: 47,
        text: 'مساء النور يا يوسف. A photo here is fine، بس تأكد إن الاسم والتاريخ واضحين.',
      },
      {
        from: 'yusuf',
        minutesLater: 15,
        text: 'تمام. I will scan it at work tomorrow, الكاميرا عندي تعبانة شوية 😅',
      },
      { from: 'dr-osman', minutesLater: 6, text: 'No rush. كيف القياسات في البيت هذا الأسبوع؟' },
      {
        from: 'yusuf',
        minutesLater: 34,
        text: 'Mostly like you wanted, ما عدا يوم الثلاثاء. I had slept maybe four hours.',
      },
      {
        from: 'dr-osman',
        minutesLater: 19,
        text: 'One day alone is not a trend. واصل القياس في نفس الوقت، sitting down, بعد خمس دقائق راحة.',
      },
      { from: 'yusuf', minutesLater: 8, text: 'Okay. والقهوة؟ قبل القياس ولا بعده؟' },
      { from: 'dr-osman', minutesLater: 5, text: 'بعده 🙂 Measure first, then coffee.' },
      { from: 'yusuf', minutesLater: 1490, text: 'Good morning! The scan is ready, هل أرفعه كـ PDF؟' },
      {
        from: 'dr-osman',
        minutesLater: 110,
        text: 'نعم PDF ممتاز. I will read it today and write to you by tomorrow evening إن شاء الله.',
      },
      { from: 'yusuf', minutesLater: 4, text: 'شكراً جزيلاً doctor.' },
    ],
  },
  // Arabic (Egypt): a child after a vaccination
  {
    doctor: 'dr-mansour',
    patient: 'mona',
    startedDaysAgo: 3,
    unreadFor: { externalId: 'dr-mansour', turns: 2 },
    turns: [
      {
        from: 'mona',
        minutesLater: 0,
        text: 'دكتور كريم، ليلى أخدت التطعيم إمبارح وحرارتها ارتفعت شوية بالليل. ده طبيعي؟',
      },
      {
        from: 'dr-mansour',
        minutesLater: 26,
        text: 'أهلاً مدام منى. ارتفاع بسيط في اليوم الأول والثاني بعد التطعيم شائع. بتشرب وبتلعب عادي؟',
      },
      { from: 'mona', minutesLater: 7, text: 'أيوه بتشرب كويس، بس نايمة أكتر من العادي 😴' },
      {
        from: 'dr-mansour',
        minutesLater: 6,
        text: 'النوم الزيادة متوقع. هدوم خفيفة وسوائل كتير، وراقبي حرارتها ومكان الحقنة.',
      },
      {
        from: 'dr-mansour',
        minutesLater: 2,
        text:
          'لو صعب تصحّيها، أو نفسها بقى سريع أو صعب، أو حصل تشنج، أو ظهر طفح ما بيختفيش بالضغط عليه: ' +
          'اطلبي الإسعاف فوراً.',
      },
      {
        from: 'dr-mansour',
        minutesLater: 1,
        text: 'ولو الحرارة فضلت لبعد بكرة أو قلقتي من أي حاجة، كلّمي العيادة ونشوفها في نفس اليوم.',
      },
      { from: 'mona', minutesLater: 4, text: 'حاضر يا دكتور، متشكرة جداً 🙏' },
      {
        from: 'mona',
        minutesLater: 1150,
        text: 'صباح الخير! الحرارة نزلت من الفجر وليلى بتجري في البيت كله 🏃‍♀️😂',
      },
      {
        from: 'dr-mansour',
        minutesLater: 85,
        text: 'صباح الفل! أجمل خبر النهارده 🎈 اكتبي تاريخ التطعيم في دفترها.',
      },
      { from: 'mona', minutesLater: 12, text: 'كتبته. والجرعة الجاية إمتى؟' },
      { from: 'mona', minutesLater: 1, text: 'لو قدرت أحجزها من دلوقتي يبقى أحسن، علشان الشغل.' },
    ],
  },
  // An edited message: checks for diabetes
  {
    doctor: 'dr-rao',
    patient: 'tariq',
    startedDaysAgo: 15,
    turns: [
      {
        from: 'dr-rao',
        minutesLater: 0,
        text: 'Dear Tariq, a short reminder: your yearly foot check and eye check are both due this month.',
      },
      {
        from: 'tariq',
        minutesLater: 310,
        text: 'Thank you doctor sahib. Can both be done on one day? The bus takes me more than an hour.',
      },
      {
        from: 'dr-rao',
        minutesLater: 45,
        text: 'A sensible wish. I have asked the desk to put them on the morning of our visit.',
      },
      {
        from: 'tariq',
        minutesLater: 16,
        text: 'Very kind. Shall I bring the meter or only the notebook?',
        edit:
          'Very kind. Shall I bring the meter, or only the notebook with the morning and evening ' +
          'readings?',
      },
      {
        from: 'dr-rao',
        minutesLater: 24,
        text: 'Both, please. We compare the meter with our own once a year.',
      },
      {
        from: 'tariq',
        minutesLater: 2900,
        text: 'I have a small blister on the left heel from new shoes. No pain. Should it wait for the visit?',
      },
      {
        from: 'dr-rao',
        minutesLater: 18,
        replyTo: 5,
        text:
          'Please do not let it wait. Could you come to the nurse today or tomorrow, without the new ' +
          'shoes?',
      },
      { from: 'tariq', minutesLater: 9, text: 'Tomorrow at nine I can come.' },
      {
        from: 'dr-rao',
        minutesLater: 7,
        text:
          'Booked with Nurse Carvalho at nine. Keep it clean, dry and covered until then, and do not ' +
          'open it.',
      },
      {
        from: 'dr-rao',
        minutesLater: 1,
        text:
          'If the foot turns red, hot or swollen tonight, or you have a fever, go to urgent care without ' +
          'waiting.',
      },
      {
        from: 'tariq',
        minutesLater: 1480,
        text: 'The nurse has seen it and put a dressing. She was pleased that I came early.',
      },
      {
        from: 'dr-rao',
        minutesLater: 70,
        text: 'So am I. Until it has healed please wear the old, wide shoes.',
      },
    ],
  },
  // Closed by the doctor: a cough that went away
  {
    doctor: 'dr-lindqvist',
    patient: 'pieter',
    startedDaysAgo: 40,
    closed: { closedBy: 'dr-lindqvist', reason: 'Recovered, no further follow-up needed' },
    turns: [
      {
        from: 'pieter',
        minutesLater: 0,
        text:
          'Hi doctor, the cough you heard yesterday is still there but I slept through. Do I need to ' +
          'come back this week?',
      },
      {
        from: 'dr-lindqvist',
        minutesLater: 120,
        text:
          'Hello Pieter. No, not if things go on improving. A cough may linger for two or three weeks ' +
          'after such an infection.',
      },
      {
        from: 'pieter',
        minutesLater: 14,
        text: 'And work? I drive a delivery van, no heavy lifting at the moment.',
      },
      {
        from: 'dr-lindqvist',
        minutesLater: 31,
        text:
          'Stay at home while you have a fever, then start when you feel fit for the road. The note ' +
          'covers you until Friday.',
      },
      { from: 'pieter', minutesLater: 6, text: 'Clear.' },
      {
        from: 'dr-lindqvist',
        minutesLater: 3,
        text:
          'Breathlessness at rest, chest pain or coughing up blood would be a matter for the emergency ' +
          'number, at any hour.',
      },
      {
        from: 'pieter',
        minutesLater: 14300,
        text: 'Ten days on: cough is gone, back in the van since Monday 🚚',
      },
      {
        from: 'dr-lindqvist',
        minutesLater: 200,
        text:
          'Very good to hear. Then I close this conversation; a new question is always welcome through ' +
          'the desk.',
      },
      { from: 'pieter', minutesLater: 10, text: 'Thanks for everything!' },
    ],
  },
  // Arabic: a plan for school, with a message deleted for everyone
  {
    doctor: 'dr-mansour',
    patient: 'samira',
    startedDaysAgo: 6,
    turns: [
      {
        from: 'samira',
        minutesLater: 0,
        text: 'السلام عليكم دكتور، المدرسة تطلب خطة مكتوبة لحالة الربو عند ابني عمر قبل الرحلة.',
      },
      {
        from: 'dr-mansour',
        minutesLater: 88,
        text:
          'وعليكم السلام. طلب في محله. سأجهز لهم الخطة التي اتفقنا عليها في الزيارة الأخيرة، بلا أي ' +
          'تغيير.',
      },
      {
        from: 'samira',
        minutesLater: 10,
        deletedForEveryone: true,
        text: 'رقم هاتف والده هو المكتوب عندكم من العام الماضي.',
      },
      {
        from: 'samira',
        minutesLater: 3,
        text: 'عذراً، حذفت الرسالة السابقة لأن المعلومة قديمة. سأحدّث الأرقام عند الاستقبال.',
      },
      {
        from: 'dr-mansour',
        minutesLater: 12,
        text: 'لا بأس، شكراً لحرصك. كيف نومه هذه الأيام؟ هل يوقظه السعال؟',
      },
      { from: 'samira', minutesLater: 21, text: 'ليلة واحدة فقط هذا الأسبوع، بعد اللعب في الغبار.' },
      {
        from: 'dr-mansour',
        minutesLater: 17,
        text: 'جيد أنك لاحظتِ السبب. سجّلي هذه الليالي في الدفتر لنراجعها معاً يوم الموعد.',
      },
      {
        from: 'dr-mansour',
        minutesLater: 2,
        text:
          'وللتذكير، وهو مكتوب في الخطة أيضاً: إن لم يرتح بعد بخاخ الإسعاف، أو صعب عليه الكلام أو ازرقّت ' +
          'شفتاه، فالاتصال بالإسعاف أولاً.',
      },
      { from: 'samira', minutesLater: 6, text: 'نعم، علّقت الرقم على باب الثلاجة وأعطيته للمعلمة.' },
      { from: 'dr-mansour', minutesLater: 1600, text: 'الخطة موقّعة وجاهزة عند الأستاذ توماش في الاستقبال.' },
      { from: 'samira', minutesLater: 33, text: 'سأمرّ غداً بعد الدوام. جزاك الله خيراً 🌙' },
    ],
  },
  // Replies: a cast on the wrist
  {
    doctor: 'dr-novak',
    patient: 'olena',
    startedDaysAgo: 10,
    unreadFor: { externalId: 'dr-novak', turns: 2 },
    turns: [
      {
        from: 'olena',
        minutesLater: 0,
        text:
          'Good evening. The cast on my wrist feels tighter than yesterday. Fingers are warm and I can ' +
          'move them all.',
      },
      {
        from: 'dr-novak',
        minutesLater: 16,
        text:
          'Good evening, Olena. Thank you for telling me so exactly. Any tingling, numbness, or pain ' +
          'that gets stronger?',
      },
      {
        from: 'olena',
        minutesLater: 4,
        text: 'No numbness. A little pressure, mostly after I typed all day.',
      },
      {
        from: 'dr-novak',
        minutesLater: 6,
        text:
          'Then: hand above heart level this evening, move the fingers often, nothing pushed inside the ' +
          'cast.',
      },
      {
        from: 'dr-novak',
        minutesLater: 1,
        text:
          'If the fingers become numb, pale, blue or cold, or the pain grows in spite of this, go to the ' +
          'emergency department tonight.',
      },
      { from: 'olena', minutesLater: 5, replyTo: 3, text: 'Understood. And typing tomorrow?' },
      {
        from: 'dr-novak',
        minutesLater: 9,
        replyTo: 5,
        text: 'Short stretches with pauses, please, and with the other hand where you can.',
      },
      {
        from: 'olena',
        minutesLater: 720,
        replyTo: 4,
        text: 'Morning report: pressure is gone, fingers all pink 👍',
      },
      {
        from: 'dr-novak',
        minutesLater: 55,
        replyTo: 7,
        text: 'Exactly what I hoped to read. We look at it again in the clinic as planned.',
      },
      {
        from: 'olena',
        minutesLater: 8600,
        text: 'I have a work trip by train the day after the check. Is that sensible, or shall I move it?',
      },
      { from: 'olena', minutesLater: 2, text: 'It is only one night, and a colleague carries the luggage.' },
    ],
  },
  // A list of readings
  {
    doctor: 'dr-lindqvist',
    patient: 'greta',
    startedDaysAgo: 16,
    turns: [
      {
        from: 'dr-lindqvist',
        minutesLater: 0,
        text:
          'Dear Greta, while the knee heals I look after the rest. Would you note your blood pressure ' +
          'once a day?',
      },
      { from: 'greta', minutesLater: 180, text: 'With pleasure, I like lists.' },
      {
        from: 'greta',
        minutesLater: 7200,
        text:
          'Here is the first week:\n' +
          'Mon 134/82\n' +
          'Tue 138/84\n' +
          'Wed 131/80\n' +
          'Thu 136/83 (visitors!)\n' +
          'Fri 129/79\n' +
          'Sat 133/81\n' +
          'Sun 132/80',
      },
      {
        from: 'dr-lindqvist',
        minutesLater: 240,
        text: 'A model of a list. That looks steady, and visitors are allowed.',
      },
      { from: 'greta', minutesLater: 13, text: 'Shall I go on like this until I come?' },
      {
        from: 'dr-lindqvist',
        minutesLater: 11,
        text:
          'Twice a week is enough now. Please bring the device too, so that we can check the size of the ' +
          'cuff.',
      },
      { from: 'greta', minutesLater: 9, text: 'I will. The flu vaccination, can that be done the same day?' },
      {
        from: 'dr-lindqvist',
        minutesLater: 1300,
        text: 'I will ask the nurse to have one ready, and we decide together on the day.',
      },
    ],
  },
  // Arabic: before a first visit
  {
    doctor: 'dr-osman',
    patient: 'samira',
    startedDaysAgo: 2,
    turns: [
      {
        from: 'samira',
        minutesLater: 0,
        text: 'دكتورة هالة، حوّلني طبيب الأسرة إليكم لتخطيط القلب. هل يحتاج إلى تحضير؟',
      },
      {
        from: 'dr-osman',
        minutesLater: 130,
        text: 'أهلاً أستاذة سميرة. لا يحتاج إلى صيام ولا إلى تحضير خاص، ويستغرق دقائق قليلة.',
      },
      { from: 'dr-osman', minutesLater: 1, text: 'ملابس من قطعتين تسهّل الأمر، وتجريه لك ممرضة.' },
      { from: 'samira', minutesLater: 19, text: 'شكراً على المراعاة. وهل أوقف شيئاً من أدويتي؟' },
      {
        from: 'dr-osman',
        minutesLater: 14,
        text: 'لا توقفي شيئاً من نفسك. أحضري علب الأدوية معك ونراجعها سوياً.',
      },
      { from: 'samira', minutesLater: 8, text: 'بإذن الله. إلى اللقاء يوم الموعد.' },
    ],
  },
  // A red flag: first call, then write
  {
    doctor: 'dr-lindqvist',
    patient: 'tariq',
    startedDaysAgo: 17,
    turns: [
      {
        from: 'tariq',
        minutesLater: 0,
        text:
          'Doctor, since this morning I have a pressure on the chest when I climb the stairs. Now also a ' +
          'bit sitting.',
      },
      {
        from: 'dr-lindqvist',
        minutesLater: 3,
        text: 'Tariq, please call the emergency number now. Do not drive and do not wait for a reply here.',
      },
      {
        from: 'dr-lindqvist',
        minutesLater: 1,
        text: 'Sit down, unlock the door, and have somebody stay with you. I am phoning you as well.',
      },
      { from: 'tariq', minutesLater: 4, text: 'My neighbour is here. He is calling them.' },
      {
        from: 'dr-lindqvist',
        minutesLater: 1,
        text: 'Good. Tell them about your diabetes, and show them your list of medicines.',
      },
      {
        from: 'tariq',
        minutesLater: 1530,
        text: 'I am on the ward. They watched me overnight and did many tests. I am all right, thanks to God.',
      },
      {
        from: 'dr-lindqvist',
        minutesLater: 42,
        text: 'I am very relieved. You did everything right by calling early.',
      },
      { from: 'tariq', minutesLater: 15, text: 'They say I can go home tomorrow with a letter for you.' },
      {
        from: 'dr-lindqvist',
        minutesLater: 20,
        text:
          'Please bring me the letter in the same week. Until then their discharge plan counts, word for ' +
          'word.',
      },
      {
        from: 'tariq',
        minutesLater: 5900,
        text: 'I left the letter at the desk today. Feeling well, walking a little each day.',
      },
      {
        from: 'dr-lindqvist',
        minutesLater: 160,
        text:
          'I have read it. Everything fits together, and Dr. Rao has a copy. If the pressure ever ' +
          'returns: emergency number first, as before.',
      },
      { from: 'tariq', minutesLater: 12, text: 'Yes. First call, then write. I will not forget 🤲' },
    ],
  },
  // The appointment was cancelled: readable, but nothing can be sent any more
  {
    doctor: 'dr-novak',
    patient: 'pieter',
    startedDaysAgo: 75,
    turns: [
      {
        from: 'pieter',
        minutesLater: 0,
        text:
          'Hello, my GP says you could look at my shoulder. It clicks when I reach for the top shelf of ' +
          'the van.',
      },
      {
        from: 'dr-novak',
        minutesLater: 260,
        text: 'Hello Pieter. Happy to. Do you have any pictures of it already, X-ray or ultrasound?',
      },
      {
        from: 'pieter',
        minutesLater: 22,
        text: 'Only an X-ray from two years ago, after a fall from a bike.',
      },
      {
        from: 'dr-novak',
        minutesLater: 35,
        text: 'Please bring it. Until then, avoid what clicks, but keep the arm moving.',
      },
      {
        from: 'pieter',
        minutesLater: 17300,
        text:
          'I have to cancel the visit, we are moving house that week. The shoulder is fine at the moment ' +
          'anyway.',
      },
      {
        from: 'dr-novak',
        minutesLater: 90,
        text: 'No problem at all. All the best for the move, and book again if it returns.',
      },
    ],
  },
]

export const demoGroups: DemoGroup[] = [
  // About one patient, who is inside with her son; her sister joins later
  {
    title: 'فريق رعاية أمل · Amal’s care team',
    owner: 'dr-osman',
    patient: 'amal',
    members: ['amal', 'khalid', 'ines', 'dr-lindqvist'],
    startedDaysAgo: 11,
    joins: { externalId: 'huda', afterTurn: 8 },
    turns: [
      {
        from: 'dr-osman',
        minutesLater: 0,
        text:
          'Welcome, everybody. Here we coordinate Mrs Eltayeb’s care at home. أهلاً بكم جميعاً، اكتبوا ' +
          'بالعربية أو بالإنجليزية.',
      },
      {
        from: 'ines',
        minutesLater: 14,
        text: 'Good morning, Inês here, the nurse for home visits. I come on Tuesdays between nine and ten.',
      },
      {
        from: 'khalid',
        minutesLater: 25,
        text: 'صباح الخير، أنا خالد، ابن أمل. أكون في البيت في هذا الوقت وأفتح لك الباب.',
      },
      {
        from: 'dr-lindqvist',
        minutesLater: 48,
        text:
          'Erik Lindqvist, the family doctor. I can take over the routine blood tests, so that one trip ' +
          'less is needed.',
      },
      { from: 'amal', minutesLater: 30, text: 'شكراً لكم جميعاً، والقهوة جاهزة لمن يزورنا ☕' },
      {
        from: 'ines',
        minutesLater: 1440,
        text:
          'Visit done: walking in the flat is steady, blood pressure noted in the book, a loose carpet ' +
          'taken away from the hall.',
        reactions: [
          { from: 'khalid', emoji: '❤️' },
          { from: 'amal', emoji: '🙏' },
          { from: 'dr-osman', emoji: '👍' },
          { from: 'dr-lindqvist', emoji: '👍' },
        ],
      },
      {
        from: 'khalid',
        minutesLater: 35,
        replyTo: 5,
        text: 'السجادة كانت فكرة ممتازة. Thank you, Inês! هل نحتاج مقبضاً في الحمام أيضاً؟',
      },
      {
        from: 'ines',
        minutesLater: 18,
        replyTo: 6,
        text: 'Yes, next to the shower. I send the form for it to the desk today.',
      },
      {
        from: 'dr-osman',
        minutesLater: 160,
        text: 'From next week Mrs Eltayeb’s sister Huda helps in the evenings. I add her here.',
      },
      {
        from: 'huda',
        minutesLater: 35,
        text:
          'Hello, and thank you for adding me. I am there from five every day, and I keep the book in ' +
          'the evenings.',
      },
      {
        from: 'dr-osman',
        minutesLater: 20,
        text:
          'Welcome, Huda. One rule for all of us: chest pain, fainting, severe breathlessness or sudden ' +
          'weakness on one side means emergency number first, this group later.',
        mentions: ['huda'],
        urgent: { acknowledgedBy: ['khalid', 'huda', 'ines', 'dr-lindqvist', 'amal'] },
        pinnedBy: 'dr-osman',
      },
      { from: 'khalid', minutesLater: 9, text: 'واضح. الرقم مكتوب بجانب الهاتف.' },
      {
        from: 'dr-lindqvist',
        minutesLater: 2870,
        text:
          'Blood tests are in. Nothing that needs action; I go through them with Mrs Eltayeb by phone ' +
          'this afternoon.',
      },
      { from: 'amal', minutesLater: 240, text: 'كلّمني الدكتور إريك وفهمت كل شيء، وخالد ترجم ما فاتني 😊' },
      { from: 'dr-osman', minutesLater: 30, text: 'ممتاز. See you all at the next visit.' },
    ],
  },
  // About no patient: staff and doctors among themselves
  {
    title: 'Ward round planning',
    owner: 'dr-lindqvist',
    members: ['dr-novak', 'dr-rao', 'ines', 'tomasz'],
    startedDaysAgo: 5,
    joins: { externalId: 'dr-mansour', afterTurn: 7 },
    left: { externalId: 'tomasz', afterTurn: 13 },
    turns: [
      {
        from: 'dr-lindqvist',
        minutesLater: 0,
        text: 'Planning for next week’s ward rounds goes here. No names of patients please, bed numbers only.',
      },
      {
        from: 'dr-novak',
        minutesLater: 21,
        text: 'I am in theatre on Tuesday until noon. Could the round start with the surgical beds at 7:30?',
      },
      {
        from: 'ines',
        minutesLater: 12,
        replyTo: 1,
        text: '7:30 works for us if handover begins at seven sharp.',
      },
      { from: 'dr-rao', minutesLater: 38, text: 'Fine for me. I take Wednesday and Friday.' },
      {
        from: 'tomasz',
        minutesLater: 9,
        text:
          'Room 2.14 is free for the short meeting afterwards, every day but Thursday. On Thursday I can ' +
          'offer the library.',
      },
      {
        from: 'dr-lindqvist',
        minutesLater: 6,
        text: 'Library it is. Tomasz, would you put up the plan on the board?',
      },
      { from: 'tomasz', minutesLater: 17, text: 'On the board, and in the calendar as well ✅' },
      {
        from: 'dr-lindqvist',
        minutesLater: 1380,
        text: 'Karim covers the children’s beds from Wednesday, so I add him to the group.',
      },
      {
        from: 'dr-mansour',
        minutesLater: 44,
        text: 'شكراً. Good morning, all. From Wednesday I can be on the ward at eight.',
      },
      {
        from: 'ines',
        minutesLater: 8,
        replyTo: 8,
        text: 'Good! Then we do the children’s beds last, after breakfast.',
      },
      {
        from: 'dr-rao',
        minutesLater: 62,
        text: 'Bed 4 and bed 7 need an interpreter on Wednesday. Who books?',
      },
      { from: 'tomasz', minutesLater: 5, replyTo: 10, text: 'I do. Arabic for both?' },
      {
        from: 'dr-rao',
        minutesLater: 3,
        text: 'Arabic for bed 4, Ukrainian for bed 7.',
        edit: 'Arabic for bed 7, Ukrainian for bed 4. (I had mixed them up.)',
      },
      {
        from: 'tomasz',
        minutesLater: 40,
        text:
          'Both confirmed for 8:15. I am on leave from tomorrow and leave the group; Marta at the desk ' +
          'has the plan.',
      },
      { from: 'dr-novak', minutesLater: 11, text: 'Enjoy the mountains, Tomasz! 🏔️' },
      { from: 'ines', minutesLater: 25, text: 'The printed list for Tuesday is at the nurses’ station.' },
    ],
  },
]
